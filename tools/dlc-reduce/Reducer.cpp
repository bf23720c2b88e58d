// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-reduce/Reducer.h"
#include "tools/dlc-reduce/Inspection.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include <cassert>
#include <fstream>
#include <stdexcept>

using namespace dlc::reduce;

Reducer::Reducer(std::unique_ptr<ReducibleModel> model, Check &check, ReducerOptions given)
    : best(std::move(model)), check(check), options(std::move(given)), nodesAtFirst(best->countAllNodes()),
      began(std::chrono::steady_clock::now()), hasBar(llvm::errs().is_displayed()) {
  update();
}

double Reducer::getElapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

static void writeFile(const std::string &path, const std::string &content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush())
    throw std::runtime_error("cannot write '" + path + "'");
}

void Reducer::save() {
  std::string temporary = options.output + ".tmp";
  writeFile(temporary, best->write());
  if (std::error_code error = llvm::sys::fs::rename(temporary, options.output))
    throw std::runtime_error("cannot write '" + options.output + "': " + error.message());
}

void Reducer::draw() {
  if (hasBar)
    llvm::errs() << "\r\x1b[K" << best->countAllNodes() << " of " << nodesAtFirst << " nodes, "
                 << best->getInputs().size() << " inputs, " << best->getOutputs().size() << " outputs, " << tries
                 << " tries, " << llvm::format("%.0f s", getElapsed());
}

void Reducer::update() {
  types = inspectTensors(*best, options.folder + "/types" + llvm::sys::path::extension(options.output).str());
}

bool Reducer::offer(std::unique_ptr<ReducibleModel> candidate) {
  if (!candidate)
    return false;
  candidate->removeUnused();
  std::string content = candidate->write();
  auto hash = llvm::SHA256::hash(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(content.data()), content.size()));
  if (!tried.insert(std::string(hash.begin(), hash.end())).second)
    return false;
  if (interrupted || getElapsed() > options.seconds)
    throw IsOver();
  ++tries;
  draw();
  std::string path = options.folder + "/candidate" + llvm::sys::path::extension(options.output).str();
  writeFile(path, content);
  if (options.isRead && !inspectOutputs(path, candidate->getEntry()))
    return false;
  bool fails = check.fails(path);
  if (interrupted)
    throw IsOver();
  if (!fails)
    return false;
  best = std::move(candidate);
  save();
  update();
  return true;
}

bool Reducer::offerParts(size_t length, Count count, Without without) {
  bool hasChanged = false;
  // From the end: what is behind the failure goes first.
  for (size_t last = count(); last > 0;) {
    size_t first = last > length ? last - length : 0;
    hasChanged |= offer(without(first, last));
    last = std::min(first, count());
  }
  return hasChanged;
}

bool Reducer::removeOutputs() {
  auto count = [&] { return best->getOutputs().size(); };
  auto without = [&](size_t first, size_t last) -> std::unique_ptr<ReducibleModel> {
    std::vector<std::string> outputs = best->getOutputs();
    outputs.erase(outputs.begin() + static_cast<ptrdiff_t>(first), outputs.begin() + static_cast<ptrdiff_t>(last));
    if (outputs.empty())
      return nullptr;
    std::unique_ptr<ReducibleModel> candidate = best->clone();
    candidate->setOutputs(outputs, types);
    // Nodes that only the others have needed go with them.
    candidate->eraseNodes(findUnneededNodes(*best, outputs));
    return candidate;
  };
  bool hasChanged = false;
  for (size_t length = (count() + 1) / 2; length > 0; length /= 2)
    hasChanged |= offerParts(length, count, without);
  return hasChanged;
}

std::unique_ptr<ReducibleModel> Reducer::cut(const llvm::BitVector &erased) {
  llvm::StringSet<> made, known, read;
  for (const std::string &input : best->getInputs())
    known.insert(input);
  std::vector<std::string> inputs, results;
  for (size_t node = 0; node < best->countNodes(); ++node)
    if (!erased.test(static_cast<unsigned>(node)))
      for (const std::string &result : best->getResults(node))
        if (!result.empty() && made.insert(result).second)
          results.push_back(result);
  for (size_t node = 0; node < best->countNodes(); ++node)
    if (!erased.test(static_cast<unsigned>(node)))
      for (const std::string &operand : best->getOperands(node)) {
        read.insert(operand);
        if (operand.empty() || made.contains(operand) || best->isWeight(operand) || !known.insert(operand).second)
          continue;
        if (!types.contains(operand))
          return nullptr;
        inputs.push_back(operand);
      }
  std::vector<std::string> before = best->getOutputs(), outputs;
  for (const std::string &result : results)
    if (llvm::is_contained(before, result) || !read.contains(result))
      outputs.push_back(result);
  // All may be read by nodes without results, which change parameters.
  if (outputs.empty() && !results.empty())
    outputs.push_back(results.back());
  if (outputs.empty())
    return nullptr;
  std::unique_ptr<ReducibleModel> candidate = best->clone();
  candidate->eraseNodes(erased);
  candidate->addInputs(inputs, types);
  candidate->setOutputs(outputs, types);
  return candidate;
}

std::unique_ptr<ReducibleModel> Reducer::bypass(size_t first, size_t last, size_t choice) {
  std::unique_ptr<ReducibleModel> candidate = best->clone();
  std::vector<std::string> inputs = best->getInputs(), before = best->getOutputs(), outputs = before;
  llvm::StringMap<std::string> replaced;
  llvm::BitVector erased(static_cast<unsigned>(best->countNodes()));
  auto isResult = [&](const std::string &name) { return !best->isWeight(name) && !llvm::is_contained(inputs, name); };
  for (size_t node = first; node < last; ++node) {
    std::vector<std::string> results = best->getResults(node);
    auto type = results.empty() ? types.end() : types.find(results.front());
    // Of several nodes, those that are the easiest to leave out.
    if (type == types.end() || (last - first > 1 && results.size() > 1))
      continue;
    auto output = llvm::find(outputs, results.front());
    std::vector<std::string> fitting;
    for (const std::string &operand : best->getOperands(node)) {
      auto known = types.find(operand);
      if (known == types.end() || !(known->getValue() == type->getValue()))
        continue;
      auto earlier = replaced.find(operand);
      const std::string &instead = earlier == replaced.end() ? operand : earlier->getValue();
      // An output is a result of a node, and there once.
      if (output == outputs.end() || (isResult(instead) && !llvm::is_contained(outputs, instead)))
        fitting.push_back(instead);
    }
    if (choice >= fitting.size())
      continue;
    candidate->replaceUses(results.front(), fitting[choice]);
    replaced[results.front()] = fitting[choice];
    if (output != outputs.end())
      *output = fitting[choice];
    erased.set(static_cast<unsigned>(node));
  }
  if (erased.none())
    return nullptr;
  if (outputs != before)
    candidate->setOutputs(outputs, types);
  candidate->eraseNodes(erased);
  return candidate;
}

bool Reducer::removeNodes() {
  auto count = [&] { return best->countNodes(); };
  auto without = [&](size_t first, size_t last) {
    llvm::BitVector erased(static_cast<unsigned>(best->countNodes()));
    erased.set(static_cast<unsigned>(first), static_cast<unsigned>(last));
    return cut(erased);
  };
  auto beside = [&](size_t first, size_t last) { return bypass(first, last, 0); };
  bool hasChanged = false;
  // Both for long parts before either for short ones: between two nodes that have to stay connected, nothing can be cut
  // out, however short it is.
  for (size_t length = (count() + 1) / 2; length > 0; length = std::min(length, count()) / 2) {
    hasChanged |= offerParts(length, count, without);
    hasChanged |= offerParts(length, count, beside);
  }
  for (size_t node = count(); node-- > 0;)
    for (size_t choice = 1; choice < best->getOperands(node).size(); ++choice)
      if (offer(bypass(node, node + 1, choice))) {
        hasChanged = true;
        break;
      }
  return hasChanged;
}

bool Reducer::reduceInside() {
  bool hasChanged = false;
  for (size_t next = 0;;) {
    // A change leads to another list, in which those that were tried are mostly still before this one.
    std::vector<Simplification> list = best->listInnerChanges();
    if (next >= list.size())
      return hasChanged;
    std::unique_ptr<ReducibleModel> candidate = best->clone();
    list[next](*candidate);
    if (offer(std::move(candidate)))
      hasChanged = true;
    else
      ++next;
  }
}

bool Reducer::simplify() {
  // A change keeps the numbers of nodes and operands, so that the list is that of the first model; those that are of no
  // use any more change nothing, and are not tried.
  std::vector<Simplification> left = best->listSimplifications();
  bool hasChanged = false;
  for (size_t chunk = (left.size() + 1) / 2; chunk > 0; chunk /= 2)
    for (size_t last = left.size(); last > 0;) {
      size_t first = last > chunk ? last - chunk : 0;
      std::unique_ptr<ReducibleModel> candidate = best->clone();
      for (size_t i = first; i < last; ++i)
        left[i](*candidate);
      size_t nodes = candidate->countNodes();
      hasChanged |= offer(std::move(candidate));
      assert(best->countNodes() == nodes && "simplifications leave nodes");
      (void)nodes;
      last = first;
    }
  return hasChanged;
}

bool Reducer::shrinkExtents() {
  bool hasChanged = false;
  for (const std::string &name : best->getDimensions())
    for (int64_t extent : {1, 2, 3}) {
      std::unique_ptr<ReducibleModel> candidate = best->clone();
      candidate->bindDimension(name, extent);
      if (offer(std::move(candidate))) {
        hasChanged = true;
        break;
      }
    }
  std::set<int64_t> extents = best->getExtents();
  for (int64_t extent : std::vector<int64_t>(extents.rbegin(), extents.rend())) {
    std::set<int64_t> smaller = {1, 2, 3};
    for (int64_t part = extent / 2; part > 3; part /= 2)
      smaller.insert(part);
    for (int64_t to : smaller) {
      if (to >= extent)
        break;
      std::unique_ptr<ReducibleModel> candidate = best->clone();
      candidate->replaceExtent(extent, to);
      if (offer(std::move(candidate))) {
        hasChanged = true;
        break;
      }
    }
  }
  return hasChanged;
}

bool Reducer::run() {
  bool isMinimal = true;
  try {
    save();
    using Step = bool (Reducer::*)();
    for (bool hasChanged = true; hasChanged;) {
      hasChanged = false;
      for (const std::string &entry : best->getEntries()) {
        if (!llvm::is_contained(best->getEntries(), entry))
          continue; // it has gone, or something calls it now
        if (best->getEntry() != entry) {
          best->setEntry(entry);
          update();
        }
        for (Step step : {&Reducer::removeOutputs, &Reducer::removeNodes, &Reducer::reduceInside, &Reducer::simplify,
                          &Reducer::shrinkExtents})
          hasChanged |= (this->*step)();
      }
    }
  } catch (const IsOver &) {
    isMinimal = false;
  }
  if (hasBar)
    llvm::errs() << "\r\x1b[K";
  return isMinimal;
}
