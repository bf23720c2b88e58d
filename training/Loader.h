// SPDX-License-Identifier: Apache-2.0
/// \file
/// Batches, made ahead of their use by a thread of their own.
#ifndef DLC_TRAINING_LOADER_H
#define DLC_TRAINING_LOADER_H

#include "data/Dataset.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace dlc::training {

struct Batch {
  std::vector<data::Array> tensors; ///< one per target
  size_t firstPosition = 0;         ///< of its first row, in the order
  size_t rows = 0;
};

class Loader {
public:
  /// Cuts `order` (rows of `data`) into batches from position `begin` on. A last batch with fewer rows than `batchRows`
  /// is left out if `isWholeOnly`. `data`, `targets` and `order` must outlive the loader.
  Loader(const data::Dataset &data, const std::vector<data::Target> &targets, const std::vector<uint32_t> &order,
         size_t begin, size_t batchRows, bool isWholeOnly);
  ~Loader();
  Loader(const Loader &) = delete;

  /// The next batch; false at the end. Throws what reading the data has thrown.
  bool next(Batch &batch);
  /// Gives the memory of a batch back for others.
  void recycle(Batch batch);

private:
  void work();
  Batch make(size_t position, size_t rows);

  /// Batches that wait at most.
  static constexpr size_t mostReady = 3;

  const data::Dataset &data;
  const std::vector<data::Target> &targets;
  const std::vector<uint32_t> &order;
  size_t begin, batchRows;
  bool isWholeOnly;
  std::mutex mutex;
  std::condition_variable change;
  std::deque<Batch> ready;
  std::vector<Batch> spare;
  bool isAtEnd = false, isStopped = false;
  std::exception_ptr failure;
  std::thread thread;
};

} // namespace dlc::training

#endif // DLC_TRAINING_LOADER_H
