// SPDX-License-Identifier: Apache-2.0
/// \file
/// The pictures of a report, in SVG. Names are shown when the pointer is over what they are of.
#ifndef DLC_TOOLS_DRIVER_REPORTPICTURES_H
#define DLC_TOOLS_DRIVER_REPORTPICTURES_H

#include "tools/driver/Report.h"

namespace dlc {

/// One block per tensor: launches run to the right, addresses upward. Above it, what is live at a time.
std::string drawMemory(const ReportedEntry &entry);

/// The launches from top to bottom with the ops that each has fused, and what flows between them.
std::string drawGraph(const ReportedEntry &entry);

/// Operations per second by operations per byte: the roof, the predictions and, in a report with a profile, what was
/// measured.
std::string drawRoofline(const Report &report);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_REPORTPICTURES_H
