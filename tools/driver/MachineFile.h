// SPDX-License-Identifier: Apache-2.0
/// \file
/// What `--machine` names.
#ifndef DLC_TOOLS_DRIVER_MACHINEFILE_H
#define DLC_TOOLS_DRIVER_MACHINEFILE_H

#include "targets/MachineRates.h"
#include <optional>

namespace dlc {

/// The rates of a processor in the table, of this one ("native") or in a file that `dlc-run roof --file` has written.
/// Those of a file are named by the hash of its bytes. On failure `problem` says why.
std::optional<MachineRates> readMachine(llvm::StringRef nameOrFile, std::string &problem);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_MACHINEFILE_H
