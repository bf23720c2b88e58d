// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/CompileForVerify.h"

#include "tools/dlc-run/Array.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

using namespace dlcrun;

static void callCompiler(const std::vector<std::string> &arguments) {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string compiler = (self.parent_path() / "dlc").string();
  std::vector<char *> pointers{compiler.data()};
  for (const std::string &argument : arguments)
    pointers.push_back(const_cast<char *>(argument.c_str()));
  pointers.push_back(nullptr);
  pid_t process;
  if (int code = posix_spawn(&process, compiler.c_str(), nullptr, nullptr, pointers.data(), environ))
    throw Failure("cannot start '" + compiler + "': " + std::strerror(code));
  int status;
  while (waitpid(process, &status, 0) < 0)
    if (errno != EINTR)
      throw Failure("lost sight of '" + compiler + "'");
  if (!WIFEXITED(status) || WEXITSTATUS(status))
    throw Failure("'" + compiler + "' could not compile the model");
}

CompiledPair::CompiledPair(const std::string &model, const std::vector<std::string> &options) {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "dlc-verify-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw Failure("cannot make a folder for temporary files: " + std::string(std::strerror(errno)));
  folder = name;
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
    std::filesystem::remove_all(folder, error);
    throw;
  }
}

CompiledPair::~CompiledPair() {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
}

bool dlcrun::isModelFile(const std::string &path) {
  std::string extension = std::filesystem::path(path).extension().string();
  return extension == ".onnx" || extension == ".json";
}
