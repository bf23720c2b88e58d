// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/GraphImporter.h"
#include "frontend/onnx/GrowingStates.h"
#include "frontend/onnx/ImportCustom.h"
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenRank.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc::onnx_import {

/// Inlined calls may multiply nodes; a model with more of them than this is considered a mistake.
static constexpr int64_t maxNodes = 1'000'000;
static constexpr size_t maxCallDepth = 64;

/// Where a model describes its custom ops.
static constexpr StringLiteral customOpsKey = "dlc.ops";

/// The first opset that has `op`, which is known.
static int64_t getFirstOpset(const OpRegistry &registry, StringRef op) {
  int64_t opset = 1;
  while (!registry.lookup(op, opset))
    ++opset;
  return opset;
}

/// ONNX has two names for its default domain.
static StringRef normalizeDomain(StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

static std::string functionKey(StringRef domain, StringRef name, StringRef overload) {
  return (normalizeDomain(domain) + "\n" + name + "\n" + overload).str();
}

GraphImporter::GraphImporter(std::shared_ptr<ModelFile> file, MLIRContext *context, const ImportOptions &options,
                             const AssumedInput *assumed)
    : ImportState(std::move(file), context, options), assumed(assumed) {
  if (options.customOps)
    customOps.merge(*options.customOps);
}

LogicalResult GraphImporter::readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                                        Scope &scope, StringRef where) {
  for (const onnx::OperatorSetIdProto &import : imports)
    scope.opsets[normalizeDomain(import.domain())] = import.version();
  // Before IR version 3 there was nothing but the first opset.
  if (imports.empty() && file->getModel().ir_version() < 3)
    scope.opsets[""] = 1;
  auto version = scope.opsets.find("");
  if (version != scope.opsets.end() && version->second < 1)
    return emitError(getFileLocation()) << where << "imports opset " << version->second << ", which does not exist";
  return success();
}

const onnx::FunctionProto *GraphImporter::lookupFunction(const onnx::NodeProto &node) const {
  return functions.lookup(functionKey(node.domain(), node.op_type(), node.overload()));
}

LogicalResult GraphImporter::importNodes(const NodeList &nodes, Scope &scope) {
  FailureOr<SmallVector<int>> order =
      orderNodes(nodes, [&](StringRef name) { return scope.lookup(name) != nullptr; }, getFileLocation());
  if (failed(order))
    return failure();
  bool hasFailed = false;
  for (int position : *order)
    hasFailed |= failed(importNode(nodes[position], scope));
  return failure(hasFailed);
}

LogicalResult GraphImporter::importNode(const onnx::NodeProto &node, Scope &scope) {
  if (++importedNodes > maxNodes) {
    if (importedNodes == maxNodes + 1)
      emitError(getFileLocation()) << "the model's functions expand to more than " << maxNodes << " nodes";
    return failure();
  }
  AttributeMap attributes;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    const onnx::AttributeProto *given = &attribute;
    if (!attribute.ref_attr_name().empty())
      given = scope.functionAttributes ? scope.functionAttributes->lookup(attribute.ref_attr_name()) : nullptr;
    if (given)
      attributes[attribute.name()] = given;
  }
  if (const onnx::FunctionProto *function = lookupFunction(node))
    return importFunctionCall(node, *function, scope, attributes);

  StringRef domain = normalizeDomain(node.domain());
  auto opset = scope.opsets.find(domain);
  NodeImporter importer(*this, node, scope, attributes, opset == scope.opsets.end() ? 0 : opset->second);
  const OpRegistry &registry = OpRegistry::get();
  // Ops of other domains are known by their full name.
  std::string name = domain.empty() ? node.op_type() : (domain + "." + node.op_type()).str();
  if (const CustomOpDescription *custom = customOps.find(name)) {
    DictionaryAttr parameters = makeParameters(importer, attributes);
    if (!importer.hasFailed() && !importer.dependsOnFailure() && importer.operandsAreTensors())
      importCustom(importer, *custom, parameters);
    return importer.finish();
  }
  if (!registry.contains(name) && (!domain.empty() || opset != scope.opsets.end()))
    noteUnsupported(name, importer);
  else if (opset == scope.opsets.end())
    importer.error() << "the model imports no opset of "
                     << (domain.empty() ? "the default domain" : ("the domain '" + domain + "'").str());
  else if (!registry.lookup(name, opset->second))
    importer.error() << "does not exist in opset " << opset->second << ", only from " << getFirstOpset(registry, name)
                     << " on";
  if (!importer.hasFailed() && !importer.dependsOnFailure() &&
      (registry.takesSequences(name) || readsGrowingState(importer) || importer.operandsAreTensors()))
    registry.importNode(name, opset->second, importer);
  followOpenRank(importer, name);
  LogicalResult finished = importer.finish();
  if (&scope == graphScope)
    for (const std::string &output : node.output())
      if (Tensor *tensor = scope.tensors.lookup(output); tensor && tensor->name == output)
        tensor->producer = &node;
  return finished;
}

void GraphImporter::noteUnsupported(StringRef name, NodeImporter &importer) {
  importer.markFailed();
  UnsupportedOp &op = unsupported[name.str()];
  if (op.nodes.empty())
    op.operands = importer.describeOperands();
  op.nodes.push_back(importer.describeNode());
}

void GraphImporter::reportUnsupported() {
  for (const auto &[name, op] : unsupported) {
    InFlightDiagnostic diagnostic = emitError(getFileLocation());
    diagnostic << op.nodes.front() << ": op ";
    if (StringRef(name).contains('.'))
      diagnostic << "of the domain '" << StringRef(name).rsplit('.').first << "' ";
    diagnostic << "is not supported" << OpRegistry::get().suggest(name);
    constexpr size_t shown = 3;
    if (op.nodes.size() > 1)
      diagnostic << "; " << op.nodes.size()
                 << " nodes need it: " << llvm::join(ArrayRef(op.nodes).take_front(shown), ", ")
                 << (op.nodes.size() > shown ? ", ..." : "");
    if (!op.operands.empty())
      diagnostic.attachNote() << op.nodes.front() << " takes " << op.operands;
  }
}

LogicalResult GraphImporter::importFunctionCall(const onnx::NodeProto &node, const onnx::FunctionProto &function,
                                                Scope &scope, const AttributeMap &given) {
  NodeImporter call(*this, node, scope, given, 0);
  Scope body;
  body.prefix = scope.prefix + (node.name().empty() ? function.name() : node.name()) + "/";
  AttributeMap attributes = given;
  for (const onnx::AttributeProto &attribute : function.attribute_proto())
    attributes.try_emplace(attribute.name(), &attribute);
  body.functionAttributes = &attributes;
  if (callStack.size() >= maxCallDepth || llvm::is_contained(callStack, &function))
    call.error() << "function calls itself, or calls are nested too deeply";
  else if (node.input_size() > function.input_size() || node.output_size() > function.output_size())
    call.error() << "function takes " << function.input_size() << " inputs and gives " << function.output_size()
                 << " outputs, got " << node.input_size() << " and " << node.output_size();
  else if (failed(readOpsets(function.opset_import(), body, "function '" + function.name() + "' ")))
    call.markFailed();
  if (call.hasFailed() || call.dependsOnFailure())
    return call.finish();
  for (auto [i, name] : llvm::enumerate(function.input()))
    // An input that the call leaves out is a tensor that no node has: optional inputs of its readers.
    if (static_cast<int>(i) < node.input_size() && !node.input(i).empty())
      body.tensors[name] = scope.lookup(node.input(i));
    else
      body.tensors[name] = createTensor("");
  callStack.push_back(&function);
  if (failed(importNodes(function.node(), body)))
    call.markFailed();
  callStack.pop_back();
  for (int i = 0; i < node.output_size() && !call.hasFailed(); ++i) {
    Tensor *result = body.lookup(function.output(i));
    if (node.output(i).empty())
      continue;
    if (result && !result->name.empty())
      call.setTensor(i, result);
    else
      call.error() << "function does not define its output '" << function.output(i) << "'";
  }
  return call.finish();
}

FailureOr<SmallVector<Tensor *>> GraphImporter::importSubgraph(const onnx::GraphProto &graph, const Scope &parent,
                                                               ArrayRef<Tensor *> inputs) {
  Scope scope;
  scope.parent = &parent;
  scope.opsets = parent.opsets;
  scope.functionAttributes = parent.functionAttributes;
  scope.prefix = parent.prefix;
  if (!inputs.empty() && static_cast<int>(inputs.size()) != graph.input_size())
    return emitError(getFileLocation()) << "a subgraph takes " << graph.input_size() << " inputs instead of "
                                        << inputs.size();
  for (auto [input, tensor] : llvm::zip(graph.input(), inputs))
    scope.tensors[input.name()] = tensor;
  if (failed(importInitializers(graph, scope)) || failed(importNodes(graph.node(), scope)))
    return failure();
  SmallVector<Tensor *> results;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    Tensor *tensor = scope.lookup(output.name());
    if (!tensor)
      return emitError(getFileLocation()) << "a subgraph does not define its output '" << output.name() << "'";
    results.push_back(tensor);
  }
  return results;
}

/// The model's own descriptions of custom ops are JSON in its metadata.
LogicalResult GraphImporter::readCustomOps(const onnx::ModelProto &model) {
  LogicalResult result = success();
  auto report = [&](json::Position position, const std::string &message) {
    result = emitError(getFileLocation()) << "metadata '" << customOpsKey << "', line " << position.line << ", column "
                                          << position.column << ": " << message;
  };
  for (const onnx::StringStringEntryProto &entry : model.metadata_props()) {
    if (entry.key() != customOpsKey)
      continue;
    CustomOps own;
    if (std::optional<json::JsonValue> document = json::parseDocument(entry.value(), report))
      own.read(*document, report);
    customOps.merge(own);
  }
  return result;
}

FailureOr<ImportedModel> GraphImporter::run() {
  const onnx::ModelProto &model = file->getModel();
  module = ModuleOp::create(getFileLocation());
  builder.setInsertionPointToEnd(module->getBody());
  entry = func::FuncOp::create(builder, getFileLocation(), isTrained() ? "predict" : "run",
                               builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(entry.addEntryBlock());
  for (const onnx::FunctionProto &function : model.functions())
    functions[functionKey(function.domain(), function.name(), function.overload())] = &function;

  Scope scope;
  graphScope = &scope;
  bool hasFailed = failed(readBindings(model.graph()));
  hasFailed |= failed(readCustomOps(model));
  hasFailed |= failed(readOpsets(model.opset_import(), scope, ""));
  hasFailed |= failed(importInitializers(model.graph(), scope));
  hasFailed |= failed(importInputs(model.graph(), scope));
  hasFailed |= failed(importNodes(model.graph().node(), scope));
  reportUnsupported();
  if (hasFailed || failed(importOutputs(model.graph(), scope)))
    return failure();
  return std::move(module);
}

} // namespace dlc::onnx_import
