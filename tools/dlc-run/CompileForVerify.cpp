// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/CompileForVerify.h"

#include "data/Failure.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace dlc::data;
using namespace dlcrun;

//===-- What a signal cleans up --------------------------------------------===//

namespace {
/// What there is to remove when a signal ends this process; handlers may call neither malloc nor most of libc.
struct Leftovers {
  char folder[PATH_MAX], optimized[PATH_MAX], reference[PATH_MAX];
  volatile pid_t compiler; ///< the process that writes into the folder; 0: none
};
constexpr int endings[] = {SIGINT, SIGTERM, SIGHUP};
} // namespace

static Leftovers leftovers;

static void cleanUp(int signal) {
  if (leftovers.compiler > 0) {
    kill(leftovers.compiler, SIGTERM);
    while (waitpid(leftovers.compiler, nullptr, 0) < 0 && errno == EINTR)
      continue;
  }
  unlink(leftovers.optimized);
  unlink(leftovers.reference);
  rmdir(leftovers.folder);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

/// Signals that the program was started with ignored (nohup) stay ignored.
static void handleEndings(void (*handler)(int)) {
  for (int signal : endings) {
    struct sigaction before;
    if (!sigaction(signal, nullptr, &before) && before.sa_handler != SIG_IGN)
      std::signal(signal, handler);
  }
}

//===-- Compiling ----------------------------------------------------------===//

/// Starts `compiler`, which is stopped when this process ends. Gives its process; fails with errno.
static pid_t start(const std::string &compiler, char *const *arguments) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  for (int signal : endings)
    sigaddset(&blocked, signal);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  pid_t parent = getpid(), process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      _exit(1);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    execv(compiler.c_str(), arguments);
    int code = errno;
    std::fprintf(stderr, "cannot start '%s': %s\n", compiler.c_str(), std::strerror(code));
    _exit(1);
  }
  int code = errno;
  leftovers.compiler = std::max(process, 0);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (process < 0)
    throw Failure("cannot start '" + compiler + "': " + std::strerror(code));
  return process;
}

static void callCompiler(const std::vector<std::string> &arguments) {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string compiler = (self.parent_path() / "dlc").string();
  std::vector<char *> pointers{compiler.data()};
  for (const std::string &argument : arguments)
    pointers.push_back(const_cast<char *>(argument.c_str()));
  pointers.push_back(nullptr);
  pid_t process = start(compiler, pointers.data()), ended;
  int status;
  while ((ended = waitpid(process, &status, 0)) < 0 && errno == EINTR)
    continue;
  leftovers.compiler = 0;
  if (ended < 0)
    throw Failure("lost sight of '" + compiler + "': " + std::strerror(errno));
  if (!WIFEXITED(status) || WEXITSTATUS(status))
    throw Failure("'" + compiler + "' could not compile the model");
}

CompiledPair::CompiledPair(const std::string &model, const std::vector<std::string> &options) {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "dlc-verify-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw Failure("cannot make a folder for temporary files: " + std::string(std::strerror(errno)));
  folder = name;
  std::snprintf(leftovers.folder, PATH_MAX, "%s", folder.c_str());
  std::snprintf(leftovers.optimized, PATH_MAX, "%s", optimized().c_str());
  std::snprintf(leftovers.reference, PATH_MAX, "%s", reference().c_str());
  handleEndings(cleanUp);
  try {
    for (bool isReference : {false, true}) {
      std::vector<std::string> arguments{model, "-o", isReference ? reference() : optimized(), "--keep-tensors"};
      for (const std::string &option : options)
        if (!isReference || option.compare(0, 2, "-O"))
          arguments.push_back(option);
      if (isReference)
        arguments.push_back("-O0");
      callCompiler(arguments);
    }
  } catch (...) {
    removeFolder();
    throw;
  }
}

CompiledPair::~CompiledPair() { removeFolder(); }

void CompiledPair::removeFolder() {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  handleEndings(SIG_DFL);
}

bool dlcrun::isModelFile(const std::string &path) {
  std::string extension = std::filesystem::path(path).extension().string();
  return extension == ".onnx" || extension == ".json";
}
