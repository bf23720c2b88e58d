// SPDX-License-Identifier: Apache-2.0
// One schedule serves all kernels so far. What a thread computes alone, a sum above all, takes as long as on one core
// of a CPU and more; rows that are shared by the threads of a warp, tiles in shared memory and tensor cores are to
// come, kernel kind by kernel kind.
#include "backends/cuda/DeviceSchedule.h"

using Halide::Func;
using Halide::Var;
using Halide::VarOrRVar;

namespace dlc::cuda {

/// Threads of a block: enough for a multiprocessor to hold several blocks, and a multiple of the warp.
constexpr int threads = 256;

/// Makes one loop of `pure`, which are independent of each other, and gives every iteration a thread.
static void launch(Halide::Stage stage, const std::vector<Var> &pure, const std::vector<VarOrRVar> &order) {
  if (pure.empty()) {
    stage.gpu_single_thread();
    return;
  }
  if (order.size() > 1)
    stage.reorder(order);
  Var all = pure.front(), block, thread;
  for (size_t i = 1; i < pure.size(); ++i) {
    Var fused;
    stage.fuse(all, pure[i], fused);
    all = fused;
  }
  stage.gpu_tile(all, block, thread, threads, Halide::TailStrategy::GuardWithIf);
}

/// The loops of a later definition: what is reduced, in its order, inside those over elements.
static void launchUpdate(Func func, int number) {
  Halide::Stage stage = func.update(number);
  std::vector<Var> pure;
  std::vector<VarOrRVar> order;
  for (const Halide::Internal::Dim &dim : func.function().update(number).schedule().dims()) {
    if (dim.is_rvar())
      order.emplace_back(dim.var, /*is_rvar=*/true);
    else if (dim.var != Var::outermost().name())
      pure.emplace_back(dim.var);
  }
  order.insert(order.end(), pure.begin(), pure.end());
  launch(stage, pure, order);
}

void scheduleOnDevice(Func output, const std::vector<Func> &stages) {
  std::set<std::string> stored;
  for (const Func &stage : stages)
    stored.insert(stage.name());
  for (auto &[name, function] : Halide::Internal::build_environment({output.function()})) {
    Func func(function);
    bool isOutput = func.name() == output.name();
    if (!isOutput && !func.has_update_definition() && !stored.count(name))
      continue;
    if (!isOutput)
      func.compute_root();
    std::vector<Var> arguments = func.args();
    launch(Halide::Stage(func.function(), func.function().definition(), 0), arguments,
           std::vector<VarOrRVar>(arguments.begin(), arguments.end()));
    for (int number = 0; number < func.num_update_definitions(); ++number)
      launchUpdate(func, number);
  }
}

} // namespace dlc::cuda
