// SPDX-License-Identifier: Apache-2.0
/// \file
/// The compiler's program, which is several commands: which one, its own name or its first argument says. They are one
/// program because each contains LLVM.
#include "frontend/json/ImportJson.h"
#include "targets/MachineTable.h"
#include "tools/dlc-opt/OptCommand.h"
#include "tools/dlc-reduce/ReduceCommand.h"
#include "tools/dlc-tune/TuneCommand.h"
#include "tools/dlc/CommandLine.h"
#include "tools/dlc/DiffCommand.h"
#include "tools/driver/Compilation.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

static int runCompile(int argc, char **argv) {
  int exitStatus = 0;
  auto line = dlc::parseCommandLine(argc, argv, exitStatus);
  if (!line)
    return exitStatus;
  if (line->listTargets) {
    llvm::outs() << dlc::describeMachines() << '\n' << dlc::describeDevices();
    return 0;
  }
  if (line->emitJsonSchema) {
    llvm::outs() << dlc::emitJsonSchema();
    return 0;
  }
  return mlir::succeeded(dlc::compile(line->compile)) ? 0 : 1;
}

namespace {
/// A command other than the compiler itself: `dlc tune` and, where the program is called by that name, `dlc-tune`.
struct Command {
  llvm::StringLiteral word;
  int (*run)(int argc, char **argv);
};
} // namespace

static constexpr Command commands[] = {
    {"diff", dlc::runDiff}, {"opt", dlc::runOpt}, {"reduce", dlc::runReduce}, {"tune", dlc::runTune}};

int main(int argc, char **argv) {
  llvm::StringRef program = argc > 0 ? llvm::sys::path::filename(argv[0]) : "";
  if (program.consume_front("dlc-"))
    for (const Command &command : commands)
      if (program == command.word)
        return command.run(argc, argv);
  if (argc > 1)
    for (const Command &command : commands)
      if (argv[1] == command.word)
        return command.run(argc - 1, argv + 1);
  return runCompile(argc, argv);
}
