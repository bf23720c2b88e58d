// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a model must still do while it becomes smaller: fail, in a process of its own.
#ifndef DLC_TOOLS_DLC_REDUCE_CHECK_H
#define DLC_TOOLS_DLC_REDUCE_CHECK_H

#include <chrono>
#include <string>
#include <vector>

namespace dlc::reduce {

/// How a process ended.
struct Ending {
  int status = 0;      ///< exit status
  int signal = 0;      ///< that ended it; 0: none
  bool isLate = false; ///< it was ended because it took too long
  std::string text;    ///< the last 64 KiB of what it printed
};

/// Runs `command` (a program and its arguments) and waits. The process is the leader of a group, which is killed after
/// `seconds` and when `interrupted` says so; Ctrl-C does not reach it. Throws std::runtime_error if it cannot be run.
Ending runProcess(const std::vector<std::string> &command, double seconds);

/// Set by signals: the work is to end.
extern volatile int interrupted;

class Check {
public:
  virtual ~Check() = default;
  /// Whether the model at `path` fails as it should. The first call decides what the failure is, and must be on the
  /// model as it was; a process that then takes ten times as long does not fail.
  bool fails(const std::string &path);
  /// What the failure is, in a line.
  const std::string &getFailure() const { return failure; }

protected:
  /// Whether this is the call on the model as it was.
  bool isFirst() const { return longest == 0; }
  /// What fails, in words that are the same for the same failure; empty: nothing does.
  virtual std::string judge(const std::string &path, double seconds) = 0;

private:
  std::string failure;
  double longest = 0; ///< seconds that a run may take; 0: not known yet
};

/// A command of the user's fails on models that have the problem. `{}` in it is the model's path; without, the path is
/// its last argument.
class CommandCheck final : public Check {
public:
  explicit CommandCheck(std::string command) : command(std::move(command)) {}

protected:
  std::string judge(const std::string &path, double seconds) override;

private:
  std::string command;
};

/// dlc crashes or reports an error: the same one, but for names and numbers.
class CompileCheck final : public Check {
public:
  /// `message`: what the output has to contain; empty: decided by the first run.
  CompileCheck(std::string folder, std::vector<std::string> options, std::string message)
      : folder(std::move(folder)), options(std::move(options)), message(std::move(message)) {}

protected:
  std::string judge(const std::string &path, double seconds) override;

private:
  std::string folder;
  std::vector<std::string> options;
  std::string message;
};

/// `dlc-run verify` finds results that differ from those of -O0.
class CompareCheck final : public Check {
public:
  explicit CompareCheck(std::vector<std::string> options) : options(std::move(options)) {}

protected:
  std::string judge(const std::string &path, double seconds) override;

private:
  std::vector<std::string> options;
};

/// The first error of `text`, a diagnostic of dlc's, without location, names and numbers.
std::string normalizeError(const std::string &text);

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_CHECK_H
