// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ModelDescription.h"
#include "dlc/abi.h"
#include "ir/ExtentBounds.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalVariable.h"

using namespace dlc;
using llvm::Constant;

std::string dlc::getModelSymbol(llvm::StringRef name) { return ("dlc_model_" + name).str(); }
std::string dlc::getWeightsSymbol(const ModelIdentity &identity) {
  return "dlc_weights_" + identity.name + identity.programSuffix;
}

namespace {
/// Writes the structures of abi.h as constants. Fields have their natural alignment there and here.
class DescriptionWriter {
public:
  explicit DescriptionWriter(llvm::Module &module)
      : module(module), context(module.getContext()), pointer(llvm::PointerType::getUnqual(context)) {}

  Constant *i32(uint32_t value) { return llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), value); }
  Constant *i64(uint64_t value) { return llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), value); }
  Constant *f64(double value) { return llvm::ConstantFP::get(llvm::Type::getDoubleTy(context), value); }
  /// `words` reserved words of 64 bits.
  Constant *zeros(uint64_t words) {
    return llvm::ConstantAggregateZero::get(llvm::ArrayType::get(llvm::Type::getInt64Ty(context), words));
  }
  Constant *null() { return llvm::ConstantPointerNull::get(pointer); }

  Constant *text(llvm::StringRef value) { return hidden(llvm::ConstantDataArray::getString(context, value)); }

  /// The address of an array of structures; null if there are none.
  Constant *array(llvm::ArrayRef<Constant *> elements, uint64_t elementBytes) {
    if (elements.empty())
      return null();
    checkSize(elements.front(), elementBytes);
    return hidden(
        llvm::ConstantArray::get(llvm::ArrayType::get(elements.front()->getType(), elements.size()), elements));
  }

  Constant *structure(llvm::ArrayRef<Constant *> fields) { return llvm::ConstantStruct::getAnon(context, fields); }

  Constant *function(llvm::StringRef name) {
    llvm::Function *function = module.getFunction(name);
    assert(function && "the program defines what its description names");
    return function;
  }

  /// A symbol that another part of the library defines.
  Constant *external(llvm::StringRef name) {
    if (llvm::GlobalVariable *existing = module.getNamedGlobal(name))
      return existing;
    auto *variable = new llvm::GlobalVariable(module, llvm::Type::getInt8Ty(context), /*isConstant=*/true,
                                              llvm::GlobalValue::ExternalLinkage, nullptr, name);
    variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return variable;
  }

  void checkSize(Constant *value, uint64_t bytes) {
    assert(module.getDataLayout().getTypeAllocSize(value->getType()) == bytes && "the fields are those of abi.h");
    (void)value;
    (void)bytes;
  }

private:
  Constant *hidden(Constant *value) {
    auto *variable = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                              llvm::GlobalValue::PrivateLinkage, value);
    variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return variable;
  }

  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::PointerType *pointer;
};
} // namespace

/// The extent as dlc_tensor_info has it.
static int64_t encodeDim(mlir::AffineExpr dim) {
  if (auto number = llvm::dyn_cast<mlir::AffineConstantExpr>(dim))
    return number.getValue();
  if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(dim))
    return -(static_cast<int64_t>(symbol.getPosition()) + 1);
  return DLC_DIM_COMPUTED;
}

/// How callers learn the shape of `tensor` where a run computes it.
static uint32_t getShapeFlags(const TensorDescription &tensor, SymbolBounds bounds) {
  if (llvm::any_of(tensor.dims, [&](mlir::AffineExpr dim) { return isUnbounded(dim, bounds); }))
    return DLC_TENSOR_UNBOUNDED;
  bool isComputed = llvm::any_of(tensor.dims, [&](mlir::AffineExpr dim) { return isDerived(dim, bounds); });
  return isComputed ? DLC_TENSOR_BOUNDED : 0;
}

static Constant *writeTensors(DescriptionWriter &writer, llvm::ArrayRef<TensorDescription> tensors,
                              const EntryDescription &entry) {
  llvm::SmallVector<mlir::AffineExpr> bounds = entry.getBounds();
  llvm::SmallVector<Constant *> elements;
  for (const TensorDescription &tensor : tensors) {
    llvm::SmallVector<Constant *> dims;
    for (mlir::AffineExpr dim : tensor.dims)
      dims.push_back(writer.i64(encodeDim(dim)));
    elements.push_back(writer.structure(
        {writer.text(tensor.name), writer.i32(tensor.elementType), writer.i32(dims.size()),
         writer.array(dims, sizeof(dlc_int64)),
         writer.i32((tensor.isKept ? DLC_TENSOR_KEPT : 0) | (tensor.isInPlace ? DLC_TENSOR_IN_PLACE : 0) |
                    (tensor.hyperparameter ? DLC_TENSOR_HYPERPARAMETER : 0) | (tensor.isLabel ? DLC_TENSOR_LABEL : 0) |
                    getShapeFlags(tensor, bounds)),
         writer.i32(tensor.slot), writer.f64(tensor.hyperparameter.value_or(0)), writer.zeros(4)}));
  }
  return writer.array(elements, sizeof(dlc_tensor_info));
}

static Constant *writeChecks(DescriptionWriter &writer, llvm::ArrayRef<IndexCheckDescription> checks) {
  llvm::SmallVector<Constant *> elements;
  auto numbers = [&](llvm::ArrayRef<int64_t> values) {
    llvm::SmallVector<Constant *> constants;
    for (int64_t value : values)
      constants.push_back(writer.i64(value));
    return writer.array(constants, sizeof(dlc_int64));
  };
  for (const IndexCheckDescription &check : checks)
    elements.push_back(writer.structure({writer.text(check.what), writer.i32(check.tensor), writer.i32(check.flags),
                                         writer.i64(check.extent), writer.i64(check.steps), numbers(check.starts),
                                         numbers(check.sizes), writer.i64(check.exception)}));
  return writer.array(elements, sizeof(dlc_index_check));
}

static Constant *writeVariables(DescriptionWriter &writer, llvm::ArrayRef<VariableDescription> variables) {
  llvm::SmallVector<Constant *> elements;
  for (const VariableDescription &variable : variables) {
    llvm::SmallVector<Constant *> dims;
    for (int64_t extent : variable.dims)
      dims.push_back(writer.i64(extent));
    elements.push_back(
        writer.structure({writer.text(variable.name), writer.i32(variable.elementType), writer.i32(dims.size()),
                          writer.array(dims, sizeof(dlc_int64)), writer.i64(variable.offset), writer.i32(variable.kind),
                          writer.i32(0), writer.zeros(2)}));
  }
  return writer.array(elements, sizeof(dlc_variable_info));
}

/// The address of a program's dlc_program.
static Constant *writeProgram(DescriptionWriter &writer, const ProgramPart &part) {
  const ProgramDescription &program = part.description;
  const ModelIdentity &identity = part.identity;
  llvm::SmallVector<Constant *> codes;
  auto function = [&](const std::string &name) { return writer.function(name + identity.programSuffix); };
  for (const EntryDescription &entry : program.entries)
    codes.push_back(writer.structure({function(entry.name + ".workspace_bytes"),
                                      entry.computesShapes() ? function(entry.name + ".output_shapes") : writer.null(),
                                      function(entry.name + ".execute")}));
  bool isEmbedded = program.constantBytes != 0 && identity.weightsFile.empty();
  // Programs for the CPU end before what was added for GPUs.
  const Device *device = part.target.device;
  uint64_t programBytes = device ? sizeof(dlc_program) : offsetof(dlc_program, device_code);
  llvm::SmallVector<Constant *> fields(
      {writer.i32(programBytes), writer.i32(DLC_DEVICE_CPU), writer.text(part.target.name),
       writer.i64(part.target.requiredFeatures), writer.array(codes, sizeof(dlc_entry_code)),
       isEmbedded ? writer.external(getWeightsSymbol(identity)) : writer.null(), writer.i64(program.constantBytes),
       identity.weightsFile.empty() ? writer.null() : writer.text(identity.weightsFile),
       writer.i64(identity.weightsHash), writer.i64(program.prepackedBytes),
       program.hasPrepare ? function("prepare.execute") : writer.null(), writer.i64(part.scratchBytes),
       program.launches.empty() ? writer.null() : writer.text(program.launches)});
  if (device)
    fields.push_back(writer.array(
        writer.structure({writer.i32(sizeof(dlc_device_code)), writer.i32(static_cast<uint32_t>(device->capability))}),
        sizeof(dlc_device_code)));
  return writer.array(writer.structure(fields), programBytes);
}

/// The blocks that entry point `number` reserves while it runs, in the program that reserves most.
static uint32_t countSegments(llvm::ArrayRef<ProgramPart> programs, size_t number) {
  uint32_t most = 0;
  for (const ProgramPart &part : programs)
    most = std::max(most, part.description.entries[number].segments);
  return most;
}

void dlc::addModelDescription(llvm::Module &module, llvm::ArrayRef<ProgramPart> parts) {
  DescriptionWriter writer(module);
  const ProgramDescription &program = parts.back().description;
  const ModelIdentity &identity = parts.back().identity;
  llvm::SmallVector<Constant *> entries;
  for (auto [number, entry] : llvm::enumerate(program.entries)) {
    llvm::SmallVector<Constant *> symbols;
    for (const SymbolDescription &symbol : entry.symbols)
      symbols.push_back(
          writer.structure({writer.text(symbol.name), writer.i64(symbol.minimum), writer.i64(symbol.maximum),
                            writer.i32(symbol.source), writer.i32(symbol.input), writer.i64(symbol.element)}));
    entries.push_back(writer.structure(
        {writer.text(entry.name), writer.i32(entry.inputs.size()), writer.i32(entry.outputs.size()),
         writer.i32(entry.symbols.size()), writer.i32(entry.flags), writeTensors(writer, entry.inputs, entry),
         writeTensors(writer, entry.outputs, entry), writer.array(symbols, sizeof(dlc_symbol_info)),
         writeTensors(writer, entry.states, entry), writeChecks(writer, entry.checks), writer.i32(entry.states.size()),
         writer.i32(entry.checks.size()), writer.i32(countSegments(parts, number)), writer.i32(0), writer.zeros(5)}));
  }

  llvm::SmallVector<Constant *> programs;
  bool isOnDevice = false;
  for (const ProgramPart &part : parts) {
    programs.push_back(writeProgram(writer, part));
    isOnDevice |= part.target.device != nullptr;
  }
  // What a program must know of later versions of the ABI to use this model.
  uint64_t needs = 0;
  for (const EntryDescription &entry : program.entries)
    for (const TensorDescription &output : entry.outputs)
      if (getShapeFlags(output, entry.getBounds()))
        needs |= DLC_MODEL_NEEDS_RESULT_SHAPES;
  Constant *model = writer.structure(
      {writer.i32(DLC_ABI_VERSION), writer.i32(sizeof(dlc_model)), writer.text(identity.name),
       writer.text(identity.compiler),
       writer.text(identity.rates.empty() ? identity.target : identity.target + " with the rates of " + identity.rates),
       writer.i64(needs), writer.i32(entries.size()), writer.i32(program.variables.size()),
       writer.i32(program.stateCount), writer.i32(programs.size()), writer.array(entries, sizeof(dlc_entry_point)),
       writeVariables(writer, program.variables), writer.i64(program.variableBytes),
       writer.array(programs, sizeof(const dlc_program *)),
       writer.external(isOnDevice ? "dlc_rt_cuda_api" : "dlc_rt_api"),
       identity.dataDescription.empty() ? writer.null() : writer.text(identity.dataDescription),
       identity.layers.empty() ? writer.null() : writer.text(identity.layers)});
  writer.checkSize(model, sizeof(dlc_model));
  auto *variable = new llvm::GlobalVariable(module, model->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::ExternalLinkage, model, getModelSymbol(identity.name));
  variable->setVisibility(identity.isProtected ? llvm::GlobalValue::ProtectedVisibility
                                               : llvm::GlobalValue::DefaultVisibility);
  variable->setAlignment(llvm::Align(16));
}
