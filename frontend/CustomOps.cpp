// SPDX-License-Identifier: Apache-2.0
#include "frontend/CustomOps.h"
#include "ir/ExtentAlgebra.h"
#include "ir/Suggestion.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace dlc {

using json::JsonValue;
using json::ReportError;

Type getCustomElementType(llvm::StringRef name, MLIRContext *context) {
  Builder builder(context);
  auto unsignedOf = [&](unsigned width) { return IntegerType::get(context, width, IntegerType::Unsigned); };
  return llvm::StringSwitch<Type>(name)
      .Case("f64", builder.getF64Type())
      .Case("f32", builder.getF32Type())
      .Case("f16", builder.getF16Type())
      .Case("bf16", builder.getBF16Type())
      .Case("i64", builder.getI64Type())
      .Case("i32", builder.getI32Type())
      .Case("i16", builder.getI16Type())
      .Case("i8", builder.getI8Type())
      .Case("i1", builder.getI1Type())
      .Case("u64", unsignedOf(64))
      .Case("u32", unsignedOf(32))
      .Case("u16", unsignedOf(16))
      .Case("u8", unsignedOf(8))
      .Default(Type());
}

namespace {

/// Reads one op; reports at the positions of its values.
class DescriptionReader {
public:
  DescriptionReader(const json::Member &member, const ReportError &report)
      : value(member.value), what("custom op '" + member.key + "'"), report(report) {
    op.name = member.key;
  }

  std::optional<CustomOpDescription> read() {
    static constexpr llvm::StringRef keys[] = {"inputs",   "outputs", "types",  "gradient",
                                               "computed", "extents", "effects"};
    if (!value.isObject())
      return fail(value, " must be an object, got " + value.describe());
    for (const json::Member &member : value.members)
      if (!llvm::is_contained(keys, member.key)) {
        report(member.position, "unknown key '" + member.key + "' in " + what + suggest(member.key, keys));
        hasFailed = true;
      }
    for (llvm::StringRef key : {"inputs", "outputs"})
      if (!value.find(key))
        fail(value, " lacks '" + key.str() + "', a list of the extents of each tensor");
    readTensors("inputs", op.inputs);
    readTensors("outputs", op.outputs);
    if (value.find("outputs") && op.outputs.empty() && !hasFailed)
      fail(*value.find("outputs"), " has no outputs");
    readStrings("types", op.types);
    if (op.types.size() > op.outputs.size())
      fail(*value.find("types"),
           " has " + std::to_string(op.types.size()) + " types for " + std::to_string(op.outputs.size()) + " outputs");
    readString("gradient", op.gradient);
    readString("extents", op.extents);
    readComputed();
    if (const JsonValue *effects = value.find("effects")) {
      if (effects->kind != JsonValue::Kind::Boolean)
        fail(*effects, " has for 'effects' " + effects->describe() + " instead of true or false");
      op.hasEffects = effects->boolean;
    }
    return hasFailed ? std::nullopt : std::optional(op);
  }

private:
  std::nullopt_t fail(const JsonValue &where, const std::string &message) {
    report(where.position, what + message);
    hasFailed = true;
    return std::nullopt;
  }

  /// A list of lists of extents, numbers or strings.
  void readTensors(llvm::StringRef key, std::vector<CustomOpDescription::Extents> &tensors) {
    const JsonValue *list = value.find(key);
    if (!list)
      return;
    if (!list->isList()) {
      fail(*list, " has for '" + key.str() + "' " + list->describe() + " instead of a list with a list per tensor");
      return;
    }
    for (const JsonValue &tensor : list->elements) {
      CustomOpDescription::Extents &extents = tensors.emplace_back();
      if (!tensor.isList()) {
        fail(tensor, " has among its " + key.str() + " " + tensor.describe() + " instead of a list of extents");
        continue;
      }
      for (const JsonValue &extent : tensor.elements) {
        bool isNumber = extent.kind == JsonValue::Kind::Integer && extent.integer >= 0;
        if (!extent.isString() && !isNumber)
          fail(extent, " has the extent " + extent.describe() + "; extents are numbers and strings");
        else if (extent.string == "..." && !extents.empty())
          fail(extent, " has \"...\" behind another extent; it comes first");
        extents.push_back(isNumber ? std::to_string(extent.integer) : extent.string);
      }
    }
  }

  void readStrings(llvm::StringRef key, std::vector<std::string> &strings) {
    const JsonValue *list = value.find(key);
    if (!list)
      return;
    if (!list->isList()) {
      fail(*list, " has for '" + key.str() + "' " + list->describe() + " instead of a list of element types");
      return;
    }
    MLIRContext context(MLIRContext::Threading::DISABLED);
    for (const JsonValue &element : list->elements) {
      if (!element.isString() || !getCustomElementType(element.string, &context))
        fail(element, " has the element type " + element.describe() +
                          "; there are f64, f32, f16, bf16, i64, i32, "
                          "i16, i8, i1, u64, u32, u16 and u8");
      strings.push_back(element.string);
    }
  }

  void readString(llvm::StringRef key, std::string &string) {
    const JsonValue *given = value.find(key);
    if (!given)
      return;
    if (!given->isString() || given->string.empty())
      fail(*given, " has for '" + key.str() + "' " + given->describe() + " instead of the name of an op");
    string = given->string;
  }

  void readComputed() {
    const JsonValue *computed = value.find("computed");
    if (!computed && op.extents.empty())
      return;
    if (!computed || op.extents.empty()) {
      fail(value, " needs both 'computed', the extents that a run computes, and 'extents', the op that does it");
      return;
    }
    if (!computed->isObject()) {
      fail(*computed, " has for 'computed' " + computed->describe() +
                          " instead of an object: names of extents, each with its largest value");
      return;
    }
    for (const json::Member &member : computed->members) {
      bool isBound = member.value.isString() || member.value.kind == JsonValue::Kind::Integer ||
                     member.value.kind == JsonValue::Kind::Null;
      if (!isBound)
        fail(member.value, " bounds '" + member.key + "' by " + member.value.describe() +
                               "; a bound is an expression, or null if there is none");
      op.computed.emplace_back(member.key, member.value.kind == JsonValue::Kind::Integer
                                               ? std::to_string(member.value.integer)
                                               : member.value.string);
    }
  }

  const JsonValue &value;
  std::string what;
  const ReportError &report;
  CustomOpDescription op;
  bool hasFailed = false;
};

/// Recursive descent over an expression of extents.
class ExtentParser {
public:
  ExtentParser(llvm::StringRef text, MLIRContext *context, llvm::function_ref<AffineExpr(llvm::StringRef)> lookUp,
               std::string &problem)
      : rest(text), context(context), lookUp(lookUp), problem(problem) {}

  AffineExpr parse() {
    AffineExpr value = parseSum();
    skipBlanks();
    if (value && !rest.empty())
      return fail("does not end before '" + rest.str() + "'");
    return value;
  }

private:
  AffineExpr fail(const std::string &message) {
    if (problem.empty())
      problem = message;
    return {};
  }

  void skipBlanks() { rest = rest.ltrim(); }
  bool take(char c) {
    skipBlanks();
    return rest.consume_front(llvm::StringRef(&c, 1));
  }

  AffineExpr parseSum() {
    AffineExpr sum = parseProduct();
    while (sum) {
      bool isMinus = take('-');
      if (!isMinus && !take('+'))
        return sum;
      AffineExpr term = parseProduct();
      if (!term)
        return term;
      sum = isMinus ? subtractExtents(sum, term) : addExtents(sum, term);
    }
    return sum;
  }

  AffineExpr parseProduct() {
    AffineExpr product = parseFactor();
    while (product) {
      char op = take('*') ? '*' : take('/') ? '/' : take('%') ? '%' : 0;
      if (!op)
        return product;
      AffineExpr factor = parseFactor();
      if (!factor)
        return factor;
      if (op != '*' && getExtentRange(factor).low < 0)
        return fail("divides by what may be negative");
      product = op == '*'   ? multiplyExtents(product, factor)
                : op == '/' ? divideExtents(product, factor)
                            : getRemainder(product, factor);
    }
    return product;
  }

  AffineExpr parseFactor() {
    // Parentheses cannot be nested without end in what people write.
    constexpr int deepest = 100;
    if (depth > deepest)
      return fail("is nested too deeply");
    if (take('-')) {
      ++depth;
      AffineExpr factor = parseFactor();
      --depth;
      return factor ? subtractExtents(getAffineConstantExpr(0, context), factor) : factor;
    }
    if (take('('))
      return parseInner();
    skipBlanks();
    llvm::StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
    rest = rest.drop_front(word.size());
    if (word.empty())
      return fail(rest.empty() ? "ends where a number or a name is missing"
                               : "has '" + rest.take_front(1).str() + "' where a number or a name is missing");
    if (llvm::isDigit(word.front())) {
      int64_t number;
      if (word.getAsInteger(10, number) || number > INT32_MAX)
        return fail("has '" + word.str() + "' instead of a number below 2^31");
      return getAffineConstantExpr(number, context);
    }
    if ((word == "min" || word == "max") && take('(')) {
      AffineExpr first = parseArgument(',');
      AffineExpr second = first ? parseArgument(')') : first;
      return !second ? second : word == "min" ? minimumExtent(first, second) : maximumExtent(first, second);
    }
    AffineExpr value = lookUp(word);
    return value ? value : fail("names '" + word.str() + "', which no input has");
  }

  AffineExpr parseInner() { return parseArgument(')'); }

  /// An expression that ends in `end`.
  AffineExpr parseArgument(char end) {
    ++depth;
    AffineExpr value = parseSum();
    --depth;
    return !value || take(end) ? value : fail(std::string("lacks a '") + end + "'");
  }

  llvm::StringRef rest;
  MLIRContext *context;
  llvm::function_ref<AffineExpr(llvm::StringRef)> lookUp;
  std::string &problem;
  int depth = 0;
};

} // namespace

AffineExpr parseExtent(llvm::StringRef text, MLIRContext *context,
                       llvm::function_ref<AffineExpr(llvm::StringRef)> lookUp, std::string &problem) {
  problem.clear();
  return ExtentParser(text, context, lookUp, problem).parse();
}

void CustomOps::read(const JsonValue &section, const ReportError &report) {
  if (!section.isObject())
    return report(section.position, "custom ops are an object with a key for each op, got " + section.describe());
  for (const json::Member &member : section.members)
    if (std::optional<CustomOpDescription> op = DescriptionReader(member, report).read())
      ops.push_back(std::move(*op));
}

void CustomOps::merge(const CustomOps &other) {
  for (const CustomOpDescription &op : other.ops)
    if (!find(op.name))
      ops.push_back(op);
}

const CustomOpDescription *CustomOps::find(llvm::StringRef name) const {
  auto found = llvm::find_if(ops, [&](const CustomOpDescription &op) { return op.name == name; });
  return found == ops.end() ? nullptr : &*found;
}

std::vector<llvm::StringRef> CustomOps::getNames() const {
  std::vector<llvm::StringRef> names;
  for (const CustomOpDescription &op : ops)
    names.push_back(op.name);
  return names;
}

std::shared_ptr<const CustomOps> readCustomOps(llvm::StringRef path, const ReportError &report) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file) {
    report({}, "cannot read the custom ops: " + file.getError().message());
    return nullptr;
  }
  bool hasFailed = false;
  ReportError counting = [&](json::Position position, const std::string &message) {
    hasFailed = true;
    report(position, message);
  };
  std::optional<JsonValue> document = json::parseDocument((*file)->getBuffer(), counting);
  auto ops = std::make_shared<CustomOps>();
  if (document)
    ops->read(*document, counting);
  return hasFailed ? nullptr : ops;
}

} // namespace dlc
