// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-reduce/OnnxModel.h"
#include "formats/onnx/ElementTypes.h"
#include "formats/onnx/NodeReads.h"
#include "frontend/onnx/ExternalData.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/dlc-reduce/OnnxGraphs.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include <stdexcept>

using namespace dlc;
using namespace dlc::reduce;

/// Whether attributes called `name` hold extents.
static bool holdsExtents(llvm::StringRef name) {
  return llvm::is_contained({"group", "hidden_size", "kernel_shape", "kv_num_heads", "num_heads", "output_shape",
                             "q_num_heads", "shape", "size", "split"},
                            name);
}

/// Reads what a tensor of the model at `path` has in another file, as candidates, which are elsewhere, need it.
static void embed(onnx::TensorProto &tensor, const std::string &path) {
  if (tensor.data_location() != onnx::TensorProto::EXTERNAL)
    return;
  std::string problem;
  auto data = onnx_import::readExternalData(tensor, problem);
  mlir::FailureOr<std::string> file = mlir::failure();
  if (mlir::succeeded(data))
    file = onnx_import::findExternalFile(path, data->location, problem);
  if (mlir::failed(file))
    throw std::runtime_error("tensor '" + tensor.name() + "': " + problem);
  auto weights = data->length ? llvm::MemoryBuffer::getFileSlice(*file, *data->length, data->offset)
                              : llvm::MemoryBuffer::getFile(*file, false, false);
  if (!weights)
    throw std::runtime_error("cannot read '" + *file + "': " + weights.getError().message());
  tensor.set_raw_data((*weights)->getBuffer().drop_front(data->length ? 0 : data->offset).str());
  tensor.clear_external_data();
  tensor.clear_data_location();
}

static void embed(onnx::GraphProto &graph, const std::string &path) {
  for (onnx::TensorProto &tensor : *graph.mutable_initializer())
    embed(tensor, path);
  for (onnx::SparseTensorProto &tensor : *graph.mutable_sparse_initializer()) {
    embed(*tensor.mutable_values(), path);
    embed(*tensor.mutable_indices(), path);
  }
  for (onnx::NodeProto &node : *graph.mutable_node())
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_t())
        embed(*attribute.mutable_t(), path);
      for (onnx::TensorProto &tensor : *attribute.mutable_tensors())
        embed(tensor, path);
      if (attribute.has_g())
        embed(*attribute.mutable_g(), path);
    }
}

std::unique_ptr<ReducibleModel> OnnxModel::read(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path, false, false);
  if (!file)
    throw std::runtime_error("cannot read '" + path + "': " + file.getError().message());
  onnx::ModelProto model;
  if ((*file)->getBufferSize() >= INT32_MAX ||
      !model.ParseFromArray((*file)->getBufferStart(), static_cast<int>((*file)->getBufferSize())))
    throw std::runtime_error("'" + path + "' is not an ONNX model");
  embed(*model.mutable_graph(), path);
  return std::make_unique<OnnxModel>(std::move(model));
}

std::string OnnxModel::write() const {
  std::string bytes;
  if (model.ByteSizeLong() >= INT32_MAX || !model.SerializeToString(&bytes))
    throw std::runtime_error("the model has 2 GB or more, which no ONNX file can have: make its weights smaller first");
  return bytes;
}

//===-- Names -------------------------------------------------------------===//

std::vector<std::string> OnnxModel::getOperands(size_t node) const {
  const onnx::NodeProto &proto = model.graph().node(static_cast<int>(node));
  std::vector<std::string> names(proto.input().begin(), proto.input().end());
  for (const onnx::AttributeProto &attribute : proto.attribute())
    if (attribute.has_g())
      onnx_format::visitReads(attribute.g(), [&](llvm::StringRef name) { names.push_back(name.str()); });
  return names;
}

std::vector<std::string> OnnxModel::getResults(size_t node) const {
  const onnx::NodeProto &proto = model.graph().node(static_cast<int>(node));
  return {proto.output().begin(), proto.output().end()};
}

std::vector<std::string> OnnxModel::getInputs() const {
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto &input : model.graph().input())
    if (!isWeight(input.name()))
      names.push_back(input.name());
  return names;
}

std::vector<std::string> OnnxModel::getOutputs() const {
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto &output : model.graph().output())
    names.push_back(output.name());
  return names;
}

bool OnnxModel::isWeight(llvm::StringRef name) const {
  return llvm::any_of(model.graph().initializer(), [&](const auto &each) { return each.name() == name; }) ||
         llvm::any_of(model.graph().sparse_initializer(),
                      [&](const auto &each) { return each.values().name() == name; });
}

//===-- Changes -----------------------------------------------------------===//

/// ONNX's type of elements that Inspection describes as `name`.
static int32_t findOnnxType(llvm::StringRef name) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::Type type = onnx_format::findElementType(name, &context);
  return type ? onnx_format::getOnnxType(type).value() : onnx::TensorProto::UNDEFINED;
}

static void declare(onnx::ValueInfoProto &value, const std::string &name, const TensorTypes &types) {
  value.set_name(name);
  auto known = types.find(name);
  if (known == types.end())
    return;
  onnx::TypeProto::Tensor &type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(findOnnxType(known->getValue().element));
  type.mutable_shape();
  for (llvm::StringRef extent : known->getValue().extents) {
    auto &dim = *type.mutable_shape()->add_dim();
    int64_t number;
    if (extent.getAsInteger(10, number))
      dim.set_dim_param(extent.str());
    else
      dim.set_dim_value(number);
  }
}

void OnnxModel::addInputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) {
  for (const std::string &name : names)
    declare(*model.mutable_graph()->add_input(), name, types);
}

void OnnxModel::setOutputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) {
  std::vector<onnx::ValueInfoProto> before(model.graph().output().begin(), model.graph().output().end());
  model.mutable_graph()->clear_output();
  for (const std::string &name : names) {
    auto known = llvm::find_if(before, [&](const auto &output) { return output.name() == name; });
    onnx::ValueInfoProto &output = *model.mutable_graph()->add_output();
    if (known != before.end())
      output = *known;
    if (!output.type().tensor_type().has_shape())
      declare(output, name, types);
  }
}

void OnnxModel::eraseNodes(const llvm::BitVector &nodes) {
  eraseIf(*model.mutable_graph()->mutable_node(), [&](const auto &, int i) { return nodes.test(i); });
}

void OnnxModel::replaceUses(llvm::StringRef from, llvm::StringRef to) {
  replaceReads(*model.mutable_graph(), from, to);
}

void OnnxModel::removeUnused() {
  onnx::GraphProto &graph = *model.mutable_graph();
  pruneSubgraphs(graph);
  llvm::StringSet<> read, made, calls;
  for (size_t node = 0; node < countNodes(); ++node) {
    for (const std::string &name : getOperands(node))
      read.insert(name);
    for (const std::string &name : getResults(node))
      made.insert(name);
  }
  for (const onnx::ValueInfoProto &output : graph.output())
    read.insert(output.name());
  auto isUnread = [&](const auto &each, int) { return !read.contains(each.name()); };
  eraseIf(*graph.mutable_initializer(), isUnread);
  eraseIf(*graph.mutable_input(), isUnread);
  eraseIf(*graph.mutable_value_info(), [&](const auto &each, int) { return !made.contains(each.name()); });
  // Functions may call each other, and subgraphs call them: all or none of them.
  std::function<bool(const onnx::GraphProto &)> callsFunction = [&](const onnx::GraphProto &inside) {
    return llvm::any_of(inside.node(), [&](const onnx::NodeProto &node) {
      return llvm::any_of(model.functions(), [&](const auto &function) { return function.name() == node.op_type(); }) ||
             llvm::any_of(node.attribute(), [&](const auto &each) { return each.has_g() && callsFunction(each.g()); });
    });
  };
  if (!callsFunction(graph))
    model.clear_functions();
}

std::vector<Simplification> OnnxModel::listSimplifications() const {
  std::vector<Simplification> list;
  auto add = [&](const auto &change) {
    list.push_back([change](ReducibleModel &reducible) { change(static_cast<OnnxModel &>(reducible).model); });
  };
  if (model.metadata_props_size())
    add([](onnx::ModelProto &m) { m.clear_metadata_props(); });
  if (model.graph().value_info_size())
    add([](onnx::ModelProto &m) { m.mutable_graph()->clear_value_info(); });
  if (!model.doc_string().empty() || !model.graph().doc_string().empty())
    add([](onnx::ModelProto &m) {
      m.clear_doc_string();
      m.mutable_graph()->clear_doc_string();
    });
  for (int i = 0; i < model.graph().node_size(); ++i) {
    const onnx::NodeProto &node = model.graph().node(i);
    if (!node.doc_string().empty() || node.metadata_props_size())
      add([i](onnx::ModelProto &m) {
        m.mutable_graph()->mutable_node(i)->clear_doc_string();
        m.mutable_graph()->mutable_node(i)->clear_metadata_props();
      });
    for (const onnx::AttributeProto &attribute : node.attribute())
      add([i, name = attribute.name()](onnx::ModelProto &m) {
        eraseIf(*m.mutable_graph()->mutable_node(i)->mutable_attribute(),
                [&](const auto &each, int) { return each.name() == name; });
      });
    using Names = google::protobuf::RepeatedPtrField<std::string>;
    auto omitEach = [&](const Names &names, Names *(onnx::NodeProto::*getNames)()) {
      for (int k = names.size() - 1; k > 0; --k)
        if (!names.Get(k).empty())
          add([i, k, getNames](onnx::ModelProto &m) {
            Names &changed = *(m.mutable_graph()->mutable_node(i)->*getNames)();
            if (k < changed.size())
              changed.Mutable(k)->clear();
            while (changed.size() && changed.Get(changed.size() - 1).empty())
              changed.RemoveLast();
          });
    };
    omitEach(node.input(), &onnx::NodeProto::mutable_input);
    omitEach(node.output(), &onnx::NodeProto::mutable_output);
  }
  for (int i = 0; i < model.graph().initializer_size(); ++i) {
    onnx::TensorProto ones = model.graph().initializer(i);
    fillWithOnes(ones);
    if (ones.SerializeAsString() != model.graph().initializer(i).SerializeAsString())
      add([name = ones.name()](onnx::ModelProto &m) {
        for (onnx::TensorProto &tensor : *m.mutable_graph()->mutable_initializer())
          if (tensor.name() == name)
            fillWithOnes(tensor);
      });
  }
  return list;
}

std::vector<Simplification> OnnxModel::listInnerChanges() const {
  std::vector<Simplification> list;
  for (auto &change : listSubgraphChanges(model))
    list.push_back([change](ReducibleModel &reducible) { change(static_cast<OnnxModel &>(reducible).model); });
  return list;
}

//===-- Extents -----------------------------------------------------------===//

std::set<int64_t> OnnxModel::getExtents() const {
  std::set<int64_t> extents;
  for (const onnx::ValueInfoProto &input : model.graph().input())
    for (const auto &dim : input.type().tensor_type().shape().dim())
      if (dim.dim_value() > 1)
        extents.insert(dim.dim_value());
  for (const onnx::TensorProto &tensor : model.graph().initializer())
    for (int64_t extent : tensor.dims())
      if (extent > 1)
        extents.insert(extent);
  return extents;
}

std::set<std::string> OnnxModel::getDimensions() const {
  std::set<std::string> names;
  for (const onnx::ValueInfoProto &input : model.graph().input())
    for (const auto &dim : input.type().tensor_type().shape().dim())
      if (!dim.dim_param().empty())
        names.insert(dim.dim_param());
  return names;
}

static void replaceDims(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> &values,
                        llvm::function_ref<void(onnx::TensorShapeProto::Dimension &)> change) {
  for (onnx::ValueInfoProto &value : values)
    if (value.type().tensor_type().has_shape())
      for (auto &dim : *value.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim())
        change(dim);
}

void OnnxModel::replaceExtent(int64_t from, int64_t to) {
  onnx::GraphProto &graph = *model.mutable_graph();
  auto changeDim = [&](onnx::TensorShapeProto::Dimension &dim) {
    if (dim.has_dim_value() && dim.dim_value() == from)
      dim.set_dim_value(to);
  };
  for (auto *values : {graph.mutable_input(), graph.mutable_output(), graph.mutable_value_info()})
    replaceDims(*values, changeDim);
  auto change = [&](int64_t value) { return value == from ? to : value; };
  auto changeTensor = [&](onnx::TensorProto &tensor) {
    cutTensor(tensor, from, to);
    changeSmallIntegers(tensor, change);
  };
  for (onnx::TensorProto &tensor : *graph.mutable_initializer())
    changeTensor(tensor);
  for (onnx::NodeProto &node : *graph.mutable_node())
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_t())
        changeTensor(*attribute.mutable_t());
      if (!holdsExtents(attribute.name()))
        continue;
      if (attribute.has_i())
        attribute.set_i(change(attribute.i()));
      for (int64_t &value : *attribute.mutable_ints())
        value = change(value);
    }
}

void OnnxModel::bindDimension(llvm::StringRef name, int64_t extent) {
  onnx::GraphProto &graph = *model.mutable_graph();
  for (auto *values : {graph.mutable_input(), graph.mutable_output(), graph.mutable_value_info()})
    replaceDims(*values, [&](onnx::TensorShapeProto::Dimension &dim) {
      if (dim.dim_param() == name)
        dim.set_dim_value(extent);
    });
}
