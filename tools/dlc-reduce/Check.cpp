// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-reduce/Check.h"
#include "backends/halide/KernelProcess.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

using namespace dlc::reduce;
using Clock = std::chrono::steady_clock;

volatile int dlc::reduce::interrupted = 0;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Ending dlc::reduce::runProcess(const std::vector<std::string> &command, double seconds) {
  constexpr size_t kept = 65536;
  std::vector<char *> arguments;
  for (const std::string &word : command)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  std::signal(SIGCHLD, SIG_DFL);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC))
    throw std::runtime_error(std::string("no pipe: ") + std::strerror(errno));
  pid_t parent = getpid(), process = fork();
  if (process < 0)
    throw std::runtime_error(std::string("no process: ") + std::strerror(errno));
  if (process == 0) {
    setpgid(0, 0);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
      std::signal(signal, SIG_DFL);
    halide::followParent(parent);
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  setpgid(process, process);
  close(ends[1]);
  Ending ending;
  Clock::time_point start = Clock::now();
  int status = 0;
  bool isOver = false, isOpen = true;
  // What it has started may hold the pipe open: its own end counts.
  while (!isOver) {
    pollfd output{ends[0], POLLIN, 0};
    if (isOpen && poll(&output, 1, 20) > 0) {
      char buffer[4096];
      ssize_t count = read(ends[0], buffer, sizeof buffer);
      isOpen = count > 0;
      if (isOpen)
        ending.text.append(buffer, static_cast<size_t>(count));
      if (ending.text.size() > 2 * kept)
        ending.text.erase(0, ending.text.size() - kept);
    } else if (!isOpen) {
      usleep(1000);
    }
    pid_t ended = waitpid(process, &status, WNOHANG);
    isOver = ended == process || (ended < 0 && errno != EINTR);
    if (!isOver && (interrupted || secondsSince(start) > seconds)) {
      ending.isLate = true;
      kill(-process, SIGKILL);
      waitpid(process, &status, 0);
      isOver = true;
    }
  }
  kill(-process, SIGKILL); // what it has left behind
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  char buffer[4096];
  for (ssize_t count; (count = read(ends[0], buffer, sizeof buffer)) > 0;)
    ending.text.append(buffer, static_cast<size_t>(count));
  close(ends[0]);
  if (WIFSIGNALED(status))
    ending.signal = WTERMSIG(status);
  else
    ending.status = WEXITSTATUS(status);
  return ending;
}

bool Check::fails(const std::string &path) {
  Clock::time_point start = Clock::now();
  std::string found = judge(path, longest == 0 ? 1e9 : longest);
  if (longest == 0) {
    longest = 10 + 10 * secondsSince(start);
    failure = found;
  }
  return !found.empty() && found == failure;
}

//===-- A command ---------------------------------------------------------===//

static std::string quote(llvm::StringRef text) {
  std::string quoted = "'";
  for (char c : text)
    quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string CommandCheck::judge(const std::string &path, double seconds) {
  std::string line = command, quoted = quote(path);
  size_t position = line.find("{}");
  if (position == std::string::npos)
    line += " " + quoted;
  for (; position != std::string::npos; position = line.find("{}", position + quoted.size()))
    line.replace(position, 2, quoted);
  Ending ending = runProcess({"/bin/sh", "-c", line}, seconds);
  if (ending.isLate)
    return "";
  // The shell's way to say that there is no such command, if it says so of the whole model.
  if (isFirst() && (ending.status == 126 || ending.status == 127)) {
    std::string reason = llvm::StringRef(ending.text).trim().str();
    throw std::runtime_error("cannot run the check '" + command + "': " +
                             (reason.empty() ? "it ends with status " + std::to_string(ending.status) : reason));
  }
  return ending.status || ending.signal ? "'" + command + "' fails" : "";
}

//===-- dlc ---------------------------------------------------------------===//

static std::string getProgram(llvm::StringRef name) {
  static int anchor;
  llvm::SmallString<128> path(llvm::sys::path::parent_path(llvm::sys::fs::getMainExecutable(nullptr, &anchor)));
  llvm::sys::path::append(path, name);
  return path.str().str();
}

std::string dlc::reduce::normalizeError(const std::string &text) {
  size_t start = text.find("error: ");
  if (start == std::string::npos)
    return llvm::StringRef(text).trim().take_until([](char c) { return c == '\n'; }).str();
  std::string line = llvm::StringRef(text).substr(start).take_until([](char c) { return c == '\n'; }).str(), result;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\'') {
      size_t end = line.find('\'', i + 1);
      result += "'...'";
      i = end == std::string::npos ? line.size() : end;
    } else if (llvm::isDigit(line[i]) || line[i] == '?') {
      if (result.empty() || result.back() != '#')
        result += '#';
    } else {
      result += line[i];
    }
  }
  // Extents and how many of them there are.
  for (const char *separator : {"#x#", "#, #"})
    for (size_t position; (position = result.find(separator)) != std::string::npos;)
      result.replace(position, std::strlen(separator), "#");
  return result;
}

std::string CompileCheck::judge(const std::string &path, double seconds) {
  std::vector<std::string> words = {getProgram("dlc"), path, "-o", folder + "/out.so"};
  words.insert(words.end(), options.begin(), options.end());
  Ending ending = runProcess(words, seconds);
  if (ending.isLate || (!ending.status && !ending.signal))
    return "";
  // Options that it does not have say nothing about the model.
  if (llvm::StringRef(ending.text).starts_with("dlc: error:"))
    throw std::runtime_error(llvm::StringRef(ending.text).trim().drop_front(std::strlen("dlc: error: ")).str());
  if (!message.empty())
    return ending.text.find(message) == std::string::npos ? "" : "dlc fails with '" + message + "'";
  if (ending.signal) {
    // An assertion says more than its signal.
    size_t assertion = ending.text.find("Assertion `");
    std::string detail =
        assertion == std::string::npos
            ? ""
            : ": " + llvm::StringRef(ending.text).substr(assertion).take_until([](char c) { return c == '\n'; }).str();
    return std::string("dlc dies: ") + strsignal(ending.signal) + detail;
  }
  return "dlc fails with " + normalizeError(ending.text);
}

std::string CompareCheck::judge(const std::string &path, double seconds) {
  std::vector<std::string> words = {getProgram("dlc-run"), "verify", path};
  for (const std::string &option : options)
    words.push_back("--option=" + option);
  Ending ending = runProcess(words, seconds);
  bool differs =
      !ending.isLate && ending.status == 1 && ending.text.find("tensors differ by more than") != std::string::npos;
  return differs ? "results differ from those of -O0" : "";
}
