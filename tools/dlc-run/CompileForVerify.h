// SPDX-License-Identifier: Apache-2.0
/// \file
/// Compiles a model twice for a comparison of its layers.
#ifndef DLC_TOOLS_DLC_RUN_COMPILEFORVERIFY_H
#define DLC_TOOLS_DLC_RUN_COMPILEFORVERIFY_H

#include <string>
#include <vector>

namespace dlcrun {

/// Two libraries in a folder that goes with this object, or with the process if a signal ends it. One at a time.
class CompiledPair {
public:
  /// Calls the `dlc` beside this program with --keep-tensors: once with `options`, once with -O0 instead of any -O
  /// option. Throws Failure; what dlc has to say goes to standard error.
  CompiledPair(const std::string &model, const std::vector<std::string> &options);
  ~CompiledPair();
  CompiledPair(const CompiledPair &) = delete;

  std::string optimized() const { return folder + "/optimized.so"; }
  std::string reference() const { return folder + "/reference.so"; }

private:
  void removeFolder();

  std::string folder;
};

/// Whether a path is that of a model to compile rather than of a library.
bool isModelFile(const std::string &path);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_COMPILEFORVERIFY_H
