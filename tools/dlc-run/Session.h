// SPDX-License-Identifier: Apache-2.0
/// \file
/// A library opened for one entry point, with its tensors.
#ifndef DLC_TOOLS_DLC_RUN_SESSION_H
#define DLC_TOOLS_DLC_RUN_SESSION_H

#include "data/Array.h"
#include "dlc/profile.h"
#include "dlc/runtime.hpp"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace dlcrun {

/// "NAME=VALUE" options as they were given.
using Bindings = std::vector<std::string>;

/// Which of `tensors` an option "NAME=VALUE" names; the rest goes to `value`. Tensor names may hold '='.
size_t findBinding(const std::string &option, const dlc_tensor_info *tensors, dlc_uint32 count, const char *role,
                   std::string &value);

/// The values of the entry's symbols from "SYMBOL=EXTENT"; those not given are the smallest legal ones (1 at least).
std::vector<dlc_int64> symbolValues(const dlc_entry_point &entry, const Bindings &symbols);

class Session {
public:
  /// Opens `path` and picks `entryName`, or what dlc_default_entry says if it is empty.
  Session(const std::string &path, const std::string &entryName);
  ~Session();
  Session(const Session &) = delete;

  const dlc_model &model() const { return *library->model; }
  const dlc_entry_point &entry() const { return *entryPoint; }

  /// Makes the context. 0 threads: one for each CPU. `device` is "cpu", "cuda" or "cuda:1"; empty: what the library
  /// prefers.
  void start(unsigned threads, const std::string &device);

  /// Gives a trainable model its variables: those of the checkpoint `path`, or what its `init` makes of `seed` if the
  /// path is empty. Nothing to do for other models.
  void giveVariables(const std::string &path, dlc_int64 seed);

  /// Reads inputs from "NAME=FILE.npy".
  void readInputs(const Bindings &bindings);
  /// Sets input `index`.
  void takeInput(size_t index, dlc::data::Array array);
  /// Sets hyperparameters that were not read to their defaults.
  void takeDefaults();
  /// Fills inputs that were not read with random numbers, the same in every run, and indices with legal ones; extents
  /// of symbols come from
  /// "SYMBOL=EXTENT", from inputs that were read, or are the smallest legal ones (1 at least).
  void generateRandomInputs(const Bindings &symbols);
  /// Changes elements of f32 and f64 in inputs but labels, and variables, at random by up to 2^-18 of their
  /// value.
  void perturb(std::mt19937 &generator);
  /// Makes outputs for the inputs; fails if an input is missing.
  void makeOutputs();
  /// Lets runs use copies of inputs and outputs on the context's GPU.
  void moveTensorsToDevice();
  /// Copies such outputs back.
  void fetchOutputs();
  /// A profile of the runs from now on, which dlc_profile_release ends.
  dlc_profile *makeProfile();
  /// One run.
  void run();
  /// Gives outputs whose shapes data decides those of the last run; the session's last one, for they no longer fit
  /// another.
  void shrinkOutputs();
  /// One run on other tensors.
  void runOn(std::vector<dlc::data::Array> &inputs, std::vector<dlc::data::Array> &outputs);
  /// Forgets the model's state.
  void reset();
  /// Writes outputs to "NAME=FILE.npy".
  void writeOutputs(const Bindings &bindings) const;

  std::vector<dlc::data::Array> inputs, outputs;

private:
  [[noreturn]] void fail() const;
  void moveToDevice(dlc_tensor &tensor, const dlc::data::Array &array);

  std::string path;
  dlc_library *library = nullptr;
  const dlc_entry_point *entryPoint = nullptr;
  dlc_pool *pool = nullptr;
  dlc_context *context = nullptr;
  std::optional<dlc::Variables> variables;
  std::vector<bool> isGiven;
  std::vector<dlc_tensor> inputViews, outputViews;
  std::vector<void *> deviceMemory; ///< of views on the GPU
};

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_SESSION_H
