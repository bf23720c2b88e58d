// SPDX-License-Identifier: Apache-2.0
// Subgraphs of nodes as something to make smaller. A change need not keep what the model computes, only its form: the
// check of the failure decides.
#include "tools/dlc-reduce/OnnxGraphs.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <optional>

using namespace dlc::reduce;

namespace {

/// The way from a model's graph to one of its subgraphs: numbers of nodes and of their attributes.
using Path = llvm::SmallVector<std::pair<int, int>, 2>;

onnx::GraphProto &findGraph(onnx::ModelProto &model, llvm::ArrayRef<std::pair<int, int>> path) {
  onnx::GraphProto *graph = model.mutable_graph();
  for (auto [node, attribute] : path)
    graph = graph->mutable_node(node)->mutable_attribute(attribute)->mutable_g();
  return *graph;
}

const onnx::GraphProto &findGraph(const onnx::ModelProto &model, llvm::ArrayRef<std::pair<int, int>> path) {
  const onnx::GraphProto *graph = &model.graph();
  for (auto [node, attribute] : path)
    graph = &graph->node(node).attribute(attribute).g();
  return *graph;
}

void collectPaths(const onnx::GraphProto &graph, const Path &path, std::vector<Path> &paths) {
  for (int node = 0; node < graph.node_size(); ++node)
    for (int attribute = 0; attribute < graph.node(node).attribute_size(); ++attribute)
      if (graph.node(node).attribute(attribute).has_g()) {
        Path inner = path;
        inner.emplace_back(node, attribute);
        paths.push_back(inner);
        collectPaths(graph.node(node).attribute(attribute).g(), inner, paths);
      }
}

/// Names that `graph` and its subgraphs define, but for those of the subgraph `skipped`.
void collectNames(const onnx::GraphProto &graph, const onnx::GraphProto *skipped, llvm::StringSet<> &names) {
  for (const onnx::ValueInfoProto &input : graph.input())
    names.insert(input.name());
  for (const onnx::TensorProto &initializer : graph.initializer())
    names.insert(initializer.name());
  for (const onnx::NodeProto &node : graph.node()) {
    for (const std::string &result : node.output())
      names.insert(result);
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (attribute.has_g() && &attribute.g() != skipped)
        collectNames(attribute.g(), skipped, names);
  }
}

int64_t getOpset(const onnx::ModelProto &model) {
  for (const onnx::OperatorSetIdProto &set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      return set.version();
  return 1;
}

const onnx::AttributeProto *findAttribute(const onnx::NodeProto &node, llvm::StringRef name) {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

/// Replaces a node by the nodes of one of its subgraphs: one branch of an If, one step of a Loop or Scan.
class Inliner {
public:
  Inliner(onnx::ModelProto &model, const Path &path)
      : model(model), parent(findGraph(model, llvm::ArrayRef(path).drop_back())), position(path.back().first),
        node(parent.node(position)), body(node.attribute(path.back().second).g()) {
    collectNames(model.graph(), &parent.node(position).attribute(path.back().second).g(), names);
  }

  void run() {
    renameOwn();
    if (node.op_type() == "Loop")
      bindLoop();
    else if (node.op_type() == "Scan")
      bindScan();
    else
      for (int i = 0; i < std::min(body.output_size(), node.output_size()); ++i)
        give(i, "Identity", body.output(i).name());
    for (onnx::TensorProto &initializer : *body.mutable_initializer())
      *parent.add_initializer() = std::move(initializer);
    google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
    auto append = [&](auto &list, int first, int last) {
      for (int i = first; i < last; ++i)
        *nodes.Add() = std::move(*list.Mutable(i));
    };
    append(*parent.mutable_node(), 0, position);
    append(before, 0, before.size());
    append(*body.mutable_node(), 0, body.node_size());
    append(after, 0, after.size());
    append(*parent.mutable_node(), position + 1, parent.node_size());
    parent.mutable_node()->Swap(&nodes);
  }

private:
  std::string makeName(const std::string &near) {
    std::string name = near;
    for (int i = 1; !names.insert(name).second; ++i)
      name = near + "_" + std::to_string(i);
    return name;
  }

  /// Gives what the body defines names that nothing else has.
  void renameOwn() {
    llvm::StringMap<std::string> renamed;
    auto rename = [&](std::string &name) {
      if (std::string fresh = makeName(name); !name.empty() && fresh != name)
        renamed[name] = fresh;
    };
    for (onnx::TensorProto &initializer : *body.mutable_initializer())
      rename(*initializer.mutable_name());
    for (onnx::NodeProto &each : *body.mutable_node())
      for (std::string &result : *each.mutable_output())
        rename(result);
    for (auto &entry : renamed)
      replaceReads(body, entry.getKey(), entry.getValue());
    auto replace = [&](std::string &name) {
      if (auto known = renamed.find(name); known != renamed.end())
        name = known->getValue();
    };
    for (onnx::TensorProto &initializer : *body.mutable_initializer())
      replace(*initializer.mutable_name());
    for (onnx::NodeProto &each : *body.mutable_node())
      for (std::string &result : *each.mutable_output())
        replace(result);
    for (onnx::ValueInfoProto &output : *body.mutable_output())
      replace(*output.mutable_name());
  }

  void bind(int input, const std::string &value) {
    if (input < body.input_size())
      bindName(body.input(input).name(), value);
  }
  void bindName(const std::string &name, const std::string &value) {
    replaceReads(body, name, value);
    for (onnx::ValueInfoProto &output : *body.mutable_output())
      if (output.name() == name)
        output.set_name(value);
  }

  std::string addInteger(int64_t value, bool isList, int32_t type = onnx::TensorProto::INT64) {
    onnx::TensorProto &constant = *parent.add_initializer();
    constant.set_name(makeName("constant"));
    constant.set_data_type(type);
    if (isList)
      constant.add_dims(1);
    if (type == onnx::TensorProto::BOOL)
      constant.add_int32_data(static_cast<int32_t>(value));
    else
      constant.add_int64_data(value);
    return constant.name();
  }

  /// Lets result `number` of the node be what `op` gives for `operand`.
  onnx::NodeProto &give(int number, const char *op, const std::string &operand) {
    onnx::NodeProto &made = *after.Add();
    made.set_op_type(op);
    made.add_input(operand);
    made.add_output(node.output(number).empty() ? makeName("unread") : node.output(number));
    return made;
  }
  void giveStacked(int number, const std::string &operand, int64_t axis) {
    onnx::NodeProto &made = give(number, "Unsqueeze", operand);
    if (getOpset(model) >= 13) {
      made.add_input(addInteger(axis, true));
      return;
    }
    onnx::AttributeProto &attribute = *made.add_attribute();
    attribute.set_name("axes");
    attribute.set_type(onnx::AttributeProto::INTS);
    attribute.add_ints(axis);
  }

  void bindLoop() {
    int carried = std::max(node.input_size() - 2, 0);
    bind(0, addInteger(0, false));
    bind(1, addInteger(1, false, onnx::TensorProto::BOOL));
    for (int i = 0; i < carried; ++i)
      bind(2 + i, node.input(2 + i));
    for (int i = 0; i < std::min(node.output_size(), body.output_size() - 1); ++i)
      if (i < carried)
        give(i, "Identity", body.output(1 + i).name());
      else
        giveStacked(i, body.output(1 + i).name(), 0);
  }

  void bindScan() {
    const onnx::AttributeProto *count = findAttribute(node, "num_scan_inputs"),
                               *inputAxes = findAttribute(node, "scan_input_axes"),
                               *outputAxes = findAttribute(node, "scan_output_axes");
    auto axisOf = [](const onnx::AttributeProto *axes, int i) {
      return axes && i < axes->ints_size() ? axes->ints(i) : 0;
    };
    int states = node.input_size() - static_cast<int>(count ? count->i() : 0);
    for (int i = 0; i < node.input_size() && i < body.input_size(); ++i) {
      if (i < states) {
        bind(i, node.input(i));
        continue;
      }
      onnx::NodeProto &slice = *before.Add();
      slice.set_op_type("Gather");
      slice.add_input(node.input(i));
      slice.add_input(addInteger(0, false));
      slice.add_output(makeName(body.input(i).name()));
      onnx::AttributeProto &axis = *slice.add_attribute();
      axis.set_name("axis");
      axis.set_type(onnx::AttributeProto::INT);
      axis.set_i(axisOf(inputAxes, i - states));
      bind(i, slice.output(0));
    }
    for (int i = 0; i < std::min(node.output_size(), body.output_size()); ++i)
      if (i < states)
        give(i, "Identity", body.output(i).name());
      else
        giveStacked(i, body.output(i).name(), axisOf(outputAxes, i - states));
  }

  onnx::ModelProto &model;
  onnx::GraphProto &parent;
  int position;
  onnx::NodeProto node;
  onnx::GraphProto body;
  google::protobuf::RepeatedPtrField<onnx::NodeProto> before, after;
  llvm::StringSet<> names;
};

/// Lets node `number` of `graph` be gone: what reads its first result reads operand `choice`. As the result of the
/// graph it is a copy.
void bypass(onnx::GraphProto &graph, int number, int choice) {
  onnx::NodeProto &node = *graph.mutable_node(number);
  std::string operand = node.input(choice), result = node.output(0);
  if (llvm::any_of(graph.output(), [&](const auto &output) { return output.name() == result; })) {
    node.Clear();
    node.set_op_type("Identity");
    node.add_input(operand);
    node.add_output(result);
    return;
  }
  replaceReads(graph, result, operand);
  graph.mutable_node()->DeleteSubrange(number, 1);
}

/// Which output of its graphs a node's result comes from, if it can be left out in both: results of If, and those that
/// a Loop stacks.
std::optional<int> findResult(const onnx::NodeProto &node, int number) {
  if (node.op_type() == "If")
    return number;
  if (node.op_type() == "Loop" && number >= node.input_size() - 2)
    return number + 1;
  return std::nullopt;
}

} // namespace

std::vector<std::function<void(onnx::ModelProto &)>> dlc::reduce::listSubgraphChanges(const onnx::ModelProto &model) {
  std::vector<std::function<void(onnx::ModelProto &)>> changes;
  std::vector<Path> paths;
  collectPaths(model.graph(), {}, paths);
  for (const Path &path : paths)
    changes.push_back([path](onnx::ModelProto &changed) { Inliner(changed, path).run(); });

  llvm::StringSet<> read;
  std::function<void(const onnx::GraphProto &)> collectReads = [&](const onnx::GraphProto &graph) {
    for (const onnx::ValueInfoProto &output : graph.output())
      read.insert(output.name());
    for (const onnx::NodeProto &node : graph.node()) {
      for (const std::string &operand : node.input())
        read.insert(operand);
      for (const onnx::AttributeProto &attribute : node.attribute())
        if (attribute.has_g())
          collectReads(attribute.g());
    }
  };
  collectReads(model.graph());
  for (const Path &path : paths) {
    Path parent(path.begin(), path.end() - 1);
    int number = path.back().first;
    const onnx::NodeProto &node = findGraph(model, parent).node(number);
    for (int k = node.output_size() - 1; k >= 0 && node.output_size() > 1; --k)
      if (std::optional<int> inner = findResult(node, k); inner && !read.contains(node.output(k)))
        changes.push_back([parent, number, k, inner](onnx::ModelProto &changed) {
          onnx::NodeProto &shorter = *findGraph(changed, parent).mutable_node(number);
          shorter.mutable_output()->DeleteSubrange(k, 1);
          for (onnx::AttributeProto &attribute : *shorter.mutable_attribute())
            if (attribute.has_g() && *inner < attribute.g().output_size())
              attribute.mutable_g()->mutable_output()->DeleteSubrange(*inner, 1);
        });
    const onnx::GraphProto &graph = findGraph(model, path);
    for (int i = graph.node_size() - 1; i >= 0; --i)
      for (int choice = 0; choice < graph.node(i).input_size(); ++choice)
        if (!graph.node(i).input(choice).empty() && graph.node(i).output_size() &&
            !(graph.node(i).op_type() == "Identity" &&
              llvm::any_of(graph.output(), [&](const auto &each) { return each.name() == graph.node(i).output(0); })))
          changes.push_back(
              [path, i, choice](onnx::ModelProto &changed) { bypass(findGraph(changed, path), i, choice); });
  }
  return changes;
}
