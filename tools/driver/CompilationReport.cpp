// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/CompilationReport.h"
#include <set>

using namespace dlc;
using mlir::LogicalResult;
using mlir::success;

LogicalResult dlc::gatherReport(mlir::ModuleOp module, const CompilationSettings &settings, llvm::StringRef profilePath,
                                mlir::Location location, Report &report) {
  report = Report::gather(module);
  report.model = settings.identity.name;
  report.target = settings.target.name;
  if (profilePath.empty())
    return success();
  try {
    report.measured = profile::MeasuredTimes::read(profilePath.str());
  } catch (const std::exception &problem) {
    return mlir::emitError(location) << problem.what();
  }
  std::set<profile::MeasuredTimes::Key> known;
  for (const ReportedEntry &entry : report.entries)
    for (const ReportedLaunch &launch : entry.launches)
      if (report.measured->find(entry.name, launch.layer, launch.kernel))
        known.insert({entry.name, launch.layer, launch.kernel});
  // One of another model may share a few names.
  if (2 * known.size() < report.measured->launches.size())
    return mlir::emitError(location) << "'" << profilePath << "' is a profile of '" << report.measured->model
                                     << "', which shares " << known.size() << " of its "
                                     << report.measured->launches.size()
                                     << " launches with this model: profile the library that these options compile";
  return success();
}

void dlc::reportDeviceKernels(mlir::ModuleOp module, llvm::ArrayRef<KernelCode> kernels, Report &report) {
  for (const KernelCode &code : kernels) {
    if (code.isOnHost)
      mlir::emitRemark(module.lookupSymbol(code.kernel)->getLoc())
          << "kernel '" << code.kernel
          << "' runs on the host, and its tensors are copied there and back: there is no code "
          << "for a GPU for it";
    std::string how = code.isOnHost ? "on the host, between copies" : code.onDevice;
    if (how.empty())
      continue;
    for (ReportedEntry &entry : report.entries)
      for (ReportedLaunch &launch : entry.launches)
        if (launch.kernel == code.kernel)
          launch.schedules.push_back(how);
  }
}
