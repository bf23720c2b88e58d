// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelTime.h"
#include "analysis/ArenaPlanner.h"
#include "analysis/MachineCost.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include <cmath>

using namespace dlc;
using mlir::AffineExpr;

std::optional<MachineRates> dlc::findGivenRates(mlir::Operation *op) {
  auto module = llvm::dyn_cast<mlir::ModuleOp>(op);
  if (!module)
    module = op->getParentOfType<mlir::ModuleOp>();
  MachineRatesAttr given = module ? annotation::machine.get(module) : MachineRatesAttr();
  if (!given)
    return std::nullopt;
  MachineRates rates;
  rates.name = given.getName().str();
  rates.operationsPerNanosecond = given.getOperations().getValueAsDouble();
  for (auto [cache, bytes, bandwidth] :
       llvm::zip(rates.caches, given.getCacheBytes().asArrayRef(), given.getBandwidths().asArrayRef()))
    cache = {bytes, bandwidth};
  rates.memoryBytesPerNanosecond = given.getBandwidths().asArrayRef().back();
  return rates;
}

void dlc::setGivenRates(mlir::ModuleOp module, const MachineRates &rates) {
  mlir::Builder builder(module.getContext());
  llvm::SmallVector<int64_t> bytes;
  llvm::SmallVector<double> bandwidths;
  for (const CacheRate &cache : rates.caches) {
    bytes.push_back(cache.bytes);
    bandwidths.push_back(cache.bytesPerNanosecond);
  }
  bandwidths.push_back(rates.memoryBytesPerNanosecond);
  annotation::machine.set(module, MachineRatesAttr::get(module.getContext(), builder.getStringAttr(rates.name),
                                                        builder.getF64FloatAttr(rates.operationsPerNanosecond),
                                                        builder.getDenseI64ArrayAttr(bytes),
                                                        builder.getDenseF64ArrayAttr(bandwidths)));
}

ScheduleAttr dlc::getLastSchedule(KernelLikeOpInterface kernel) {
  mlir::ArrayAttr schedules = kernel.getSchedulesAttr();
  return schedules && !schedules.empty() ? llvm::cast<ScheduleAttr>(schedules[schedules.size() - 1]) : ScheduleAttr();
}

MachineRates dlc::getRates(mlir::Operation *op) {
  if (auto given = findGivenRates(op))
    return *given;
  auto kernel = llvm::dyn_cast<KernelLikeOpInterface>(op);
  ScheduleAttr schedule = kernel ? getLastSchedule(kernel) : ScheduleAttr();
  const Machine *machine = schedule ? findMachine(schedule.getIsa().getValue()) : nullptr;
  return getTypicalRates(machine ? *machine : getReferenceMachine());
}

int64_t dlc::getWeightBytes(mlir::ModuleOp module) {
  int64_t bytes = 0;
  for (WeightsOp weights : module.getOps<WeightsOp>())
    bytes += weights.getSize();
  return bytes;
}

/// The part of what a core can start that register tiles reach, measured on Zen 4 and Zen 5.
static constexpr double reached = 0.87;

/// The part of the rate of full vectors that a schedule's reach.
static double getEfficiency(ScheduleAttr schedule) {
  if (!schedule)
    return reached;
  double part = 1;
  if (const Machine *machine = findMachine(schedule.getIsa().getValue()))
    part = getOperationsPerNanosecond(*machine, std::max<int64_t>(schedule.getVector(), 1)) /
           getOperationsPerNanosecond(*machine, machine->getLanes(4));
  return reached * std::min(part, 1.0);
}

AffineExpr dlc::predictNanoseconds(KernelLikeOpInterface kernel, const ScheduledCost &cost, int64_t weightBytes) {
  MachineRates rates = getRates(kernel);
  ScheduleAttr schedule = getLastSchedule(kernel);
  double operationRate = rates.operationsPerNanosecond * getEfficiency(schedule);
  bool isWinograd = schedule && schedule.getAlgorithm() == "winograd";
  bool countsTiles = constantDim(cost.passedBytes) != 0;
  // The gradient of weights counts as the direct sum.
  if (isWinograd && !countsTiles)
    operationRate *= winogradFactor;
  auto bytes = static_cast<double>(evaluate(cost.bytes, 1));
  auto operations = static_cast<double>(evaluate(cost.operations, 1));
  // A product that does little per byte streams its weights, and waits for nothing else. So does a step of a recurrent
  // cell, which reads the same ones again and again. Winograd's algorithm reads its weights while it computes.
  constexpr double littlePerByte = 4;
  bool isRecurrent = kernel.getKind() == KernelKind::Recurrent;
  bool isStreaming =
      isRecurrent || countsTiles || (kernel.getKind() == KernelKind::Contraction && operations < littlePerByte * bytes);
  double working = bytes;
  if (isStreaming && !isRecurrent) {
    working = std::max(working, static_cast<double>(weightBytes));
    // Activations take the other half of the last cache.
    if (working > static_cast<double>(rates.caches.back().bytes) / 2)
      working = std::max(working, static_cast<double>(rates.caches.back().bytes) + 1);
  }
  double bandwidth = rates.getBandwidth(working);
  // Expressions have integers.
  constexpr double scale = 1 << 20;
  auto take = [&](AffineExpr amount, double rate) {
    return (amount * std::max<int64_t>(std::llround(scale / rate), 1)).floorDiv(static_cast<int64_t>(scale));
  };
  AffineExpr arithmetic = take(cost.operations, operationRate), traffic = take(cost.bytes, bandwidth);
  arithmetic = arithmetic + take(cost.passedBytes, rates.caches[1].bytesPerNanosecond);
  auto knownArithmetic = constantDim(arithmetic), knownTraffic = constantDim(traffic);
  if (isStreaming && knownArithmetic && knownTraffic)
    return *knownArithmetic > *knownTraffic ? arithmetic : traffic;
  return arithmetic + traffic;
}

AffineExpr dlc::countNanoseconds(KernelLikeOpInterface kernel, const KernelShapes &shapes) {
  if (!findGivenRates(kernel))
    return estimateNanoseconds(kernel, estimateCost(kernel, shapes));
  return predictNanoseconds(kernel, estimateScheduledCost(kernel, shapes),
                            getWeightBytes(kernel->getParentOfType<mlir::ModuleOp>()));
}

double dlc::countNanoseconds(mlir::Operation *op, double operations, double bytes) {
  auto rates = findGivenRates(op);
  if (!rates)
    return getNanoseconds(getReferenceMachine(), operations, bytes);
  return operations / (rates->operationsPerNanosecond * reached) + bytes / rates->getBandwidth(bytes);
}
