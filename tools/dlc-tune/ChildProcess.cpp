// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/ChildProcess.h"
#include "backends/halide/KernelProcess.h"
#include "llvm/ADT/StringRef.h"
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace dlc::tune {

static void writeAll(int descriptor, llvm::StringRef text) {
  while (!text.empty()) {
    ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0)
      return;
    text = text.drop_front(static_cast<size_t>(written));
  }
}

ChildProcess::ChildProcess(const std::function<llvm::Expected<std::string>()> &work, unsigned timeoutSeconds)
    : timeoutSeconds(timeoutSeconds) {
  // Where the system reaps children itself, nobody finds out how they ended.
  std::signal(SIGCHLD, SIG_DFL);
  int ends[2];
  if (pipe(ends))
    throw std::runtime_error(std::string("no pipe: ") + std::strerror(errno));
  pid_t parent = getpid();
  process = fork();
  if (process < 0)
    throw std::runtime_error(std::string("no process: ") + std::strerror(errno));
  if (process == 0) {
    for (int signal : {SIGINT, SIGTERM, SIGHUP})
      std::signal(signal, SIG_DFL);
    halide::followParent(parent);
    alarm(timeoutSeconds);
    close(ends[0]);
    dup2(ends[1], STDERR_FILENO);
    llvm::Expected<std::string> result = work();
    if (result)
      writeAll(ends[1], *result);
    else
      writeAll(ends[1], llvm::toString(result.takeError()));
    _exit(result ? 0 : 1);
  }
  close(ends[1]);
  output = ends[0];
}

ChildProcess::~ChildProcess() {
  if (process > 0) {
    kill(process, SIGKILL);
    waitpid(process, nullptr, 0);
  }
  if (output >= 0)
    close(output);
}

llvm::Expected<std::string> ChildProcess::finish() {
  std::string text;
  char buffer[4096];
  ssize_t count;
  while ((count = read(output, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR))
    if (count > 0)
      text.append(buffer, static_cast<size_t>(count));
  int status = 0;
  pid_t ended;
  while ((ended = waitpid(process, &status, 0)) < 0 && errno == EINTR)
    ;
  process = -1;
  if (ended < 0)
    return llvm::createStringError(std::string("it is unknown how its process ended: ") + std::strerror(errno));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return text;
  if (WIFSIGNALED(status))
    return llvm::createStringError(WTERMSIG(status) == SIGALRM
                                       ? "took more than " + std::to_string(timeoutSeconds) + " s"
                                       : std::string("died: ") + strsignal(WTERMSIG(status)));
  return llvm::createStringError(llvm::StringRef(text).trim());
}

} // namespace dlc::tune
