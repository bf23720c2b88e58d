// SPDX-License-Identifier: Apache-2.0
/// \file
/// A model library as a Python object: what it contains, and runs on arrays.
#ifndef DLC_PYTHON_MODEL_H
#define DLC_PYTHON_MODEL_H

#include "dlc/profile.h"
#include "python/Conversion.h"
#include "python/State.h"
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dlc::python {

/// The library at a path, one context of it, and a lock so that threads of a program use that context in turn. Calls
/// that the runtime rejects throw dlc::Error.
class Model {
public:
  /// `device` as dlc::onDevice takes it, `stream` as dlc_context_options has it.
  Model(const std::string &path, uint32_t threads, bool flushDenormals = false, const std::string &device = "",
        uint64_t stream = 0);
  ~Model();

  const dlc_model &description() const { return *context.model(); }
  /// Of the library, absolute.
  const std::string &path() const { return libraryPath; }
  uint32_t threads() const { return threadCount; }
  bool flushesDenormals() const { return isFlushing; }
  /// "cpu" or "cuda:0".
  std::string device() const { return context.device(); }
  /// The entry point of that name.
  const dlc_entry_point &entry(const std::string &name) const { return context.entry(name); }

  /// Runs `entry` on `inputs` in declared order. An output whose array is null is allocated: on the GPU if one of the
  /// inputs is there. Returns the outputs as Python arrays, None for those that are not `wanted` (empty: all are).
  /// Throws what Python's handler of a signal raises meanwhile.
  std::vector<nanobind::object> run(const dlc_entry_point &entry, const std::vector<Array> &inputs,
                                    std::vector<std::unique_ptr<WritableArray>> outputs,
                                    const std::vector<bool> &wanted = {});
  /// Stops the run that another thread is in, and those that come, until resume.
  void cancel();
  void resume();

  /// A number as an array without dimensions.
  static Array makeScalar(uint32_t elementType, double value);

  /// A block of variables as `init` makes them of `seed` (zeros if there is no such entry point); runs use it from now
  /// on.
  State newState(int64_t seed);
  /// Lets runs use `state`, which stays alive as long.
  void bind(const State &state);

  /// Profiles runs from now on, until stopProfile. One profile at a time.
  dlc_profile *startProfile();
  /// Counts the events of runs that have ended, and calls `visit`.
  void readProfile(const std::function<void(const dlc_profile &)> &visit);
  void stopProfile();

  /// Clears the state that the model keeps from run to run.
  void reset();
  /// A copy of a state.
  nanobind::object readState(const std::string &name);
  /// Overwrites a state with an array, or what converts to one.
  void writeState(const std::string &name, nanobind::handle value);

private:
  /// Takes the context for this thread; Python's other threads continue while it waits.
  std::unique_lock<std::mutex> enter();
  /// New memory on the GPU, which the array keeps as long as it lives.
  std::unique_ptr<WritableArray> allocateOnDevice(uint32_t elementType, const std::vector<size_t> &shape);
  /// dlc_run, which Ctrl-C ends; the status.
  dlc_int32 runInterruptibly(const dlc_entry_point &entry, const std::vector<dlc_tensor> &inputs,
                             const std::vector<dlc_tensor> &outputs);
  /// bind, by the thread that has the context.
  void bindEntered(const State &state);
  /// Throws the context's message unless `status` is DLC_OK.
  void check(dlc_int32 status) const;

  std::string libraryPath;
  uint32_t threadCount;
  bool isFlushing;
  dlc::Library library;       // outlives the context
  std::optional<State> bound; // outlives the context, too
  dlc::Context context;
  std::unique_ptr<dlc_profile, void (*)(dlc_profile *)> profile{nullptr, dlc_profile_release};
  std::unique_ptr<std::mutex> inUse; // of the process that is running
  int process;
  std::atomic<bool> isCancelled{false}; ///< by cancel
};

} // namespace dlc::python

#endif // DLC_PYTHON_MODEL_H
