// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs of a library on tensors in its own layouts.
#ifndef DLC_TOOLS_DLC_TUNE_LIBRARYRUN_H
#define DLC_TOOLS_DLC_TUNE_LIBRARYRUN_H

#include "data/Array.h"
#include "tools/dlc-tune/Signature.h"

namespace dlc::tune {

/// A tensor with its halo and blocks. All functions throw data::Failure where there is no memory.
class RawTensor {
public:
  /// Zeros.
  explicit RawTensor(const Buffer &buffer);

  /// Fills it with random numbers, the same for the same `seed`.
  void fill(uint32_t seed);
  /// The same numbers in memory of its own.
  RawTensor copy() const;
  dlc_tensor getView();
  /// How far `other` is from this, as a share of the largest magnitude here; infinity where integers differ, or one is
  /// NaN or infinite and the other one something else.
  double getDifference(const RawTensor &other) const;

private:
  RawTensor() = default;

  data::Array memory;
  std::vector<int64_t> dims;
};

/// A library, loaded, whose first entry point is run.
class LibraryRun {
public:
  /// Throws data::Failure if the library cannot be loaded.
  LibraryRun(const Signature &signature, const std::string &path, unsigned threads);
  ~LibraryRun();
  LibraryRun(const LibraryRun &) = delete;

  /// One run on `inputs`, a view for each. Throws data::Failure if it fails.
  void run(const std::vector<dlc_tensor> &inputs);
  const std::vector<RawTensor> &getOutputs() const { return outputs; }

private:
  dlc_library *library = nullptr;
  dlc_context *context = nullptr;
  std::vector<RawTensor> outputs;
  std::vector<dlc_tensor> outputViews;
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_LIBRARYRUN_H
