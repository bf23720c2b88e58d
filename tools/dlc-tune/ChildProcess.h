// SPDX-License-Identifier: Apache-2.0
/// \file
/// Work in a process of its own, whose crash or endless loop is an error like any other.
#ifndef DLC_TOOLS_DLC_TUNE_CHILDPROCESS_H
#define DLC_TOOLS_DLC_TUNE_CHILDPROCESS_H

#include "llvm/Support/Error.h"
#include <functional>
#include <string>
#include <sys/types.h>

namespace dlc::tune {

/// A forked process. What it prints to standard error is kept.
class ChildProcess {
public:
  /// Runs `work` in a process; its text is the result. Throws std::runtime_error if there is no process to be had. The
  /// process ends with this one, and after `timeoutSeconds` at the latest.
  ChildProcess(const std::function<llvm::Expected<std::string>()> &work, unsigned timeoutSeconds);
  /// Ends it.
  ~ChildProcess();
  ChildProcess(const ChildProcess &) = delete;

  /// Waits for the result. The error is that of `work`, or says of what the process died.
  llvm::Expected<std::string> finish();

private:
  pid_t process = -1;
  int output = -1;
  unsigned timeoutSeconds;
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_CHILDPROCESS_H
