// SPDX-License-Identifier: Apache-2.0
/// \file
/// Makes a model smaller as long as it fails.
#ifndef DLC_TOOLS_DLC_REDUCE_REDUCER_H
#define DLC_TOOLS_DLC_REDUCE_REDUCER_H

#include "tools/dlc-reduce/Check.h"
#include "tools/dlc-reduce/ReducibleModel.h"

namespace dlc::reduce {

struct ReducerOptions {
  std::string output;  ///< path of the smallest model so far
  std::string folder;  ///< for candidates
  double seconds = 0;  ///< how long to search
  bool isRead = false; ///< dlc can import the model: candidates that it cannot import are of no use
};

/// Removes outputs and nodes in halves, quarters and so on (delta debugging), then single nodes whose result has the
/// type of an operand, attributes and operands; then makes extents smaller; all of it again until nothing changes.
class Reducer {
public:
  Reducer(std::unique_ptr<ReducibleModel> model, Check &check, ReducerOptions options);

  /// Ends when nothing can be removed, the time is over or a signal has come; true: nothing can be removed. The
  /// smallest model so far is in the output file at any time, which is replaced as a whole. Throws std::runtime_error.
  bool run();

  const ReducibleModel &getModel() const { return *best; }
  size_t countTries() const { return tries; }
  double getElapsed() const;

private:
  struct IsOver {};

  bool offer(std::unique_ptr<ReducibleModel> candidate);
  using Count = llvm::function_ref<size_t()>;
  using Without = llvm::function_ref<std::unique_ptr<ReducibleModel>(size_t first, size_t last)>;
  /// Offers models without elements [first, last) of a list of `count()`, `length` at a time; if one is taken, the list
  /// is shorter.
  bool offerParts(size_t length, Count count, Without without);
  bool removeOutputs();
  bool removeNodes();
  /// `best` without those of the nodes [first, last) that have operands of their result's type: what reads the result
  /// reads the operand, number `choice` of them. Null if there is no such node.
  std::unique_ptr<ReducibleModel> bypass(size_t first, size_t last, size_t choice);
  bool reduceInside();
  bool simplify();
  bool shrinkExtents();
  /// `best` without the nodes in `erased`: what others read of them are inputs, what nobody reads now are outputs. Null
  /// if a type is not known.
  std::unique_ptr<ReducibleModel> cut(const llvm::BitVector &erased);
  void update();
  void save();
  void draw();

  std::unique_ptr<ReducibleModel> best;
  Check &check;
  ReducerOptions options;
  TensorTypes types; ///< of the tensors of `best`
  std::set<std::string> tried;
  size_t tries = 0, nodesAtFirst;
  std::chrono::steady_clock::time_point began;
  bool hasBar;
};

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_REDUCER_H
