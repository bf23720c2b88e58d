// SPDX-License-Identifier: Apache-2.0
#include "training/Loader.h"

#include <algorithm>

using namespace dlc::data;
using namespace dlc::training;

Loader::Loader(const Dataset &from, const std::vector<Target> &wanted, const std::vector<uint32_t> &rowOrder,
               size_t first, size_t rows, bool wholeOnly)
    : data(from), targets(wanted), order(rowOrder), begin(first), batchRows(rows), isWholeOnly(wholeOnly),
      thread([this] { work(); }) {}

Loader::~Loader() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    isStopped = true;
  }
  change.notify_all();
  thread.join();
}

Batch Loader::make(size_t position, size_t rows) {
  Batch batch;
  {
    std::lock_guard<std::mutex> lock(mutex);
    for (auto it = spare.begin(); it != spare.end(); ++it)
      if (it->rows == rows) {
        batch = std::move(*it);
        spare.erase(it);
        break;
      }
  }
  if (batch.tensors.empty())
    for (const Target &target : targets) {
      std::vector<dlc_int64> shape = target.shape;
      shape.insert(shape.begin(), static_cast<dlc_int64>(rows));
      batch.tensors.emplace_back(target.type, shape);
    }
  batch.firstPosition = position;
  batch.rows = rows;
  for (size_t i = 0; i < targets.size(); ++i)
    for (size_t row = 0; row < rows; ++row)
      data.columns[i]->read(order[position + row], batch.tensors[i].data() + row * targets[i].bytes());
  return batch;
}

void Loader::work() {
  try {
    for (size_t position = begin; position < order.size(); position += batchRows) {
      size_t rows = std::min(batchRows, order.size() - position);
      if (rows < batchRows && isWholeOnly)
        break;
      Batch batch = make(position, rows);
      std::unique_lock<std::mutex> lock(mutex);
      change.wait(lock, [this] { return isStopped || ready.size() < mostReady; });
      if (isStopped)
        return;
      ready.push_back(std::move(batch));
      change.notify_all();
    }
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex);
    failure = std::current_exception();
  }
  std::lock_guard<std::mutex> lock(mutex);
  isAtEnd = true;
  change.notify_all();
}

bool Loader::next(Batch &batch) {
  std::unique_lock<std::mutex> lock(mutex);
  change.wait(lock, [this] { return isAtEnd || !ready.empty(); });
  if (ready.empty()) {
    if (failure)
      std::rethrow_exception(failure);
    return false;
  }
  batch = std::move(ready.front());
  ready.pop_front();
  change.notify_all();
  return true;
}

void Loader::recycle(Batch batch) {
  std::lock_guard<std::mutex> lock(mutex);
  spare.push_back(std::move(batch));
}
