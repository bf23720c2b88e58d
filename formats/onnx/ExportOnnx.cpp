// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/ExportOnnx.h"
#include "formats/onnx/OpEmitters.h"
#include "formats/onnx/OpTable.h"
#include "ir/Annotations.h"
#include "ir/ConstantData.h"
#include "ir/OpsParameter.h"
#include "ir/Suggestion.h"
#include "ir/SymbolicShapes.h"
#include "ir/TensorDescription.h"

using namespace mlir;
using namespace dlc::onnx_export;

namespace {

/// The one called `wanted`; if that is empty "run", "predict", or the only one.
FailureOr<func::FuncOp> chooseEntry(ModuleOp module, llvm::StringRef wanted) {
  llvm::SmallVector<func::FuncOp> entries;
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isPrivate())
      entries.push_back(function);
  for (llvm::StringRef name : {wanted, llvm::StringRef("run"), llvm::StringRef("predict")})
    for (func::FuncOp entry : entries)
      if (entry.getName() == name && (wanted.empty() || name == wanted))
        return entry;
  if (entries.size() == 1 && wanted.empty())
    return entries.front();
  llvm::SmallVector<llvm::StringRef> names;
  for (func::FuncOp entry : entries)
    names.push_back(entry.getName());
  auto diagnostic = module.emitError();
  if (wanted.empty())
    diagnostic << "an ONNX file holds one graph: choose an entry point with --entry; there is";
  else
    diagnostic << "there is no entry point '" << wanted << "'" << dlc::suggest(wanted, names) << "; there is";
  for (llvm::StringRef name : names)
    diagnostic << " '" << name << "'";
  return diagnostic;
}

class ModelExport {
public:
  ModelExport(ModuleOp module, func::FuncOp entry)
      : module(module), entry(entry), scope(*model.mutable_graph(), module) {}

  FailureOr<std::string> run(llvm::StringRef name, llvm::StringRef producer) {
    model.set_producer_name(producer.str());
    onnx::OperatorSetIdProto &standard = *model.add_opset_import();
    scope.graph.set_name(name.str());
    FailureOr<dlc::SymbolicShapes> shapes = dlc::SymbolicShapes::analyze(entry);
    if (failed(shapes) || failed(checkBorder()))
      return failure();
    scope.symbolSources.resize(shapes->getSymbols().size());
    GraphWriter writer(scope, scope.graph, entry.getBody().front(), *shapes, nullptr);
    nameBorder(writer);
    if (failed(writeParameters()) || failed(writeOps(writer)) || failed(checkValues()))
      return failure();
    writeOutputs(writer);
    standard.set_version(scope.opset);
    model.set_ir_version(getIrVersion(scope.opset));
    for (const std::string &domain : scope.domains) {
      onnx::OperatorSetIdProto &opset = *model.add_opset_import();
      opset.set_domain(domain);
      opset.set_version(dlc::onnx_format::getVersion(domain));
    }
    constexpr int64_t most = (int64_t(1) << 31) - 1;
    int64_t bytes = scope.bytes < most ? static_cast<int64_t>(model.ByteSizeLong()) : scope.bytes;
    if (bytes >= most)
      return module.emitError("the model takes ")
             << bytes << " bytes, and an ONNX file (a protobuf message) holds less than 2 GB";
    return model.SerializeAsString();
  }

private:
  /// The version of the file format that came with an operator set, from the 20th on.
  static int64_t getIrVersion(int64_t opset) {
    return opset >= 25 ? 13 : opset >= 24 ? 12 : opset >= 23 ? 11 : opset >= 21 ? 10 : 9;
  }

  static std::string getResultName(func::FuncOp function, unsigned i) {
    if (auto state = dlc::annotation::state.getOfResult(function, i))
      return (state.getValue() + ".next").str();
    auto name = dlc::annotation::name.getOfResult(function, i);
    return name ? name.getValue().str() : "output" + std::to_string(i);
  }

  LogicalResult checkBorder() {
    for (Type type : llvm::concat<const Type>(entry.getArgumentTypes(), entry.getResultTypes()))
      if (!getOnnxType(getElementTypeOrSelf(type)))
        return entry.emitError("has an input or output of a type that ONNX lacks, ") << dlc::describeType(type);
    return success();
  }

  /// Names of inputs and outputs come before all others.
  void nameBorder(GraphWriter &writer) {
    for (BlockArgument argument : entry.getArguments()) {
      unsigned i = argument.getArgNumber();
      if (StringAttr elements = dlc::annotation::elementsOf.getOfArgument(entry, i)) {
        // Nobody passes it: its extents are elements of an input.
        for (auto [d, dim] : llvm::enumerate(writer.getDims(argument)))
          if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(dim))
            scope.symbolSources[symbol.getPosition()] = {elements.getValue().str(), static_cast<int64_t>(d / 2),
                                                         d % 2 ? -1 : 1};
        continue;
      }
      auto name = dlc::annotation::state.getOfArgument(entry, i);
      if (!name)
        name = dlc::annotation::name.getOfArgument(entry, i);
      std::string input = writer.makeName(name ? name.getValue().str() : "input" + std::to_string(i));
      writer.setName(argument, input);
      writer.describe(*scope.graph.add_input(), input, argument.getType(), writer.getDims(argument));
      for (auto [d, dim] : llvm::enumerate(writer.getDims(argument)))
        if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(dim);
            symbol && scope.symbolSources[symbol.getPosition()].tensor.empty())
          scope.symbolSources[symbol.getPosition()] = {input, static_cast<int64_t>(d), 0};
    }
    for (auto parameter : module.getOps<dlc::ParameterOp>())
      writer.makeName(parameter.getSymName());
    for (auto [i, value] : llvm::enumerate(getReturn().getOperands())) {
      outputs.push_back(writer.makeName(getResultName(entry, i)));
      Operation *op = value.getDefiningOp();
      if (op && !op->hasTrait<dlc::WeightSource>() && wished.insert(value).second)
        writer.wishName(value, outputs.back());
    }
  }

  LogicalResult writeParameters() {
    llvm::DenseSet<Attribute> used;
    entry.walk([&](dlc::LoadParameterOp load) { used.insert(load.getParameterAttr().getAttr()); });
    for (auto parameter : module.getOps<dlc::ParameterOp>()) {
      if (!used.contains(parameter.getSymNameAttr()))
        continue;
      if (!parameter.getValue()) {
        withoutValue.push_back(parameter);
        continue;
      }
      if (!getOnnxType(getElementTypeOrSelf(parameter.getType())))
        return parameter.emitError("parameter '") << parameter.getSymName() << "' is of a type that ONNX lacks, "
                                                  << dlc::describeType(parameter.getType());
      addInitializer(scope, parameter.getSymName(), *parameter.getValue());
    }
    return success();
  }

  /// What only training gives values has none yet. Asked after the ops: where one has no form, values would not help.
  LogicalResult checkValues() {
    if (withoutValue.empty())
      return success();
    auto diagnostic = module.emitError(withoutValue.size() == 1 ? "parameter" : "parameters");
    constexpr size_t most = 5;
    for (dlc::ParameterOp parameter : llvm::ArrayRef(withoutValue).take_front(most))
      diagnostic << " '" << parameter.getSymName() << "'";
    if (withoutValue.size() > most)
      diagnostic << " and " << withoutValue.size() - most << " more";
    return diagnostic << (withoutValue.size() == 1 ? " has" : " have")
                      << " no value: give those of a checkpoint by --parameters FILE.safetensors";
  }

  /// A value that is not a node's result, or is already another output, is copied.
  void writeOutputs(GraphWriter &writer) {
    for (auto [i, value] : llvm::enumerate(getReturn().getOperands())) {
      if (writer.getName(value) != outputs[i]) {
        onnx::NodeProto &copy = *scope.graph.add_node();
        copy.set_op_type("Identity");
        copy.set_name(outputs[i]);
        copy.add_input(writer.getName(value));
        copy.add_output(outputs[i]);
      }
      writer.describe(*scope.graph.add_output(), outputs[i], value.getType(), writer.getDims(value));
    }
  }

  func::ReturnOp getReturn() { return llvm::cast<func::ReturnOp>(entry.getBody().front().getTerminator()); }

  ModuleOp module;
  func::FuncOp entry;
  onnx::ModelProto model;
  ModelScope scope;
  Names outputs;
  llvm::DenseSet<Value> wished;
  llvm::SmallVector<dlc::ParameterOp> withoutValue; ///< that the entry point loads
};

} // namespace

FailureOr<std::string> dlc::exportOnnx(ModuleOp module, llvm::StringRef entry, llvm::StringRef name,
                                       llvm::StringRef producer) {
  FailureOr<func::FuncOp> chosen = chooseEntry(module, entry);
  if (failed(chosen))
    return failure();
  return ModelExport(module, *chosen).run(name, producer);
}
