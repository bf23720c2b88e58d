// SPDX-License-Identifier: Apache-2.0
/// \file
/// The compiler's command.
#include "frontend/json/ImportJson.h"
#include "targets/MachineTable.h"
#include "tools/dlc/CommandLine.h"
#include "tools/dlc/DiffCommand.h"
#include "tools/driver/Compilation.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  if (argc > 1 && llvm::StringRef(argv[1]) == "diff")
    return dlc::runDiff(argc - 1, argv + 1);
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
