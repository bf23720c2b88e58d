// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Initializers.h"
#include "frontend/json/Elements.h"
#include <array>
#include <cmath>

using namespace mlir;
using namespace dlc::json;

namespace {

using Kind = Initializer::Kind;
using Scale = Initializer::Scale;

struct NamedInitializer {
  const char *name, *summary;
  Initializer initializer;
  /// Names of the options that set `first` and `second`; null: not an option.
  const char *first = nullptr, *second = nullptr;
};

} // namespace

static const NamedInitializer initializers[] = {
    {"zeros", "All 0", {Kind::Constant, Scale::Fixed, 0, 0}},
    {"ones", "All 1", {Kind::Constant, Scale::Fixed, 1, 0}},
    {"constant", "All `value`", {Kind::Constant, Scale::Fixed, 0, 0}, "value"},
    {"uniform", "Evenly between `low` and `high`", {Kind::Uniform, Scale::Fixed, -0.05, 0.05}, "low", "high"},
    {"normal", "Normal with `mean` and `stddev`", {Kind::Normal, Scale::Fixed, 0, 0.05}, "mean", "stddev"},
    {"glorot_uniform", "Uniform, variance 2 / (fan in + fan out)", {Kind::Uniform, Scale::FanAverage, 0, 1}},
    {"glorot_normal", "Normal, variance 2 / (fan in + fan out)", {Kind::Normal, Scale::FanAverage, 0, 1}},
    {"xavier_uniform", "glorot_uniform", {Kind::Uniform, Scale::FanAverage, 0, 1}},
    {"xavier_normal", "glorot_normal", {Kind::Normal, Scale::FanAverage, 0, 1}},
    {"he_uniform", "Uniform, variance 2 / fan in", {Kind::Uniform, Scale::FanIn, 0, 2}},
    {"he_normal", "Normal, variance 2 / fan in", {Kind::Normal, Scale::FanIn, 0, 2}},
    {"lecun_uniform", "Uniform, variance 1 / fan in", {Kind::Uniform, Scale::FanIn, 0, 1}},
    {"lecun_normal", "Normal, variance 1 / fan in", {Kind::Normal, Scale::FanIn, 0, 1}},
    {"orthogonal",
     "Orthonormal rows or columns of the matrix [out, rest], times `gain`",
     {Kind::Orthogonal, Scale::Fixed, 1, 0},
     "gain"},
};

RulePtr dlc::json::getInitializerRule() {
  static const RulePtr rule = [] {
    std::vector<std::string> names;
    auto variant = std::make_shared<Rule>();
    variant->kind = Rule::Kind::Variant;
    variant->tag = "name";
    variant->noun = "initializer";
    for (const NamedInitializer &each : initializers) {
      names.push_back(each.name);
      Variant options{each.name, each.summary, {}};
      auto addOption = [&](const char *option, double otherwise) {
        if (option)
          options.fields.push_back(optional(option, number(), std::to_string(otherwise), option));
      };
      addOption(each.first, each.initializer.first);
      addOption(each.second, each.initializer.second);
      variant->variants.push_back(std::move(options));
    }
    return defined("initializer", either({choice(std::move(names), "the name of an initializer"), variant},
                                         "an initializer's name or an object with 'name' and options"));
  }();
  return rule;
}

Initializer Initializer::parse(const JsonValue &value) {
  llvm::StringRef name = value.isString() ? value.string : value.find("name")->string;
  for (const NamedInitializer &each : initializers) {
    if (name != each.name)
      continue;
    Initializer result = each.initializer;
    if (const JsonValue *first = each.first ? value.find(each.first) : nullptr)
      result.first = first->number;
    if (const JsonValue *second = each.second ? value.find(each.second) : nullptr)
      result.second = second->number;
    return result;
  }
  llvm_unreachable("validated initializer names are in the table");
}

//===-- Random numbers ----------------------------------------------------===//

namespace {

/// Philox 4x32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3; 2011): block `index` of the stream (key,
/// stream).
std::array<uint32_t, 4> philox(uint64_t index, uint64_t stream, uint64_t key) {
  std::array<uint32_t, 4> x = {uint32_t(index), uint32_t(index >> 32), uint32_t(stream), uint32_t(stream >> 32)};
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = uint64_t(0xD2511F53) * x[0], p1 = uint64_t(0xCD9E8D57) * x[2];
    x = {uint32_t(p1 >> 32) ^ x[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ x[3] ^ k1, uint32_t(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return x;
}

/// In (0, 1), symmetric about 1/2.
double toUnit(uint32_t word) { return (word + 0.5) * 0x1p-32; }

/// FNV-1a: names to streams, the same everywhere and for ever (llvm::hash_value is neither).
uint64_t hashName(llvm::StringRef name) {
  uint64_t hash = 0xCBF29CE484222325;
  for (unsigned char c : name)
    hash = (hash ^ c) * 0x100000001B3;
  return hash;
}

/// Calls `store(i, value)` for `count` random numbers: uniform in (first, second), or normal with mean and standard
/// deviation.
template <typename Store>
void sample(bool isNormal, double first, double second, uint64_t count, uint64_t stream, uint64_t seed, Store store) {
  for (uint64_t block = 0; block * 4 < count; ++block) {
    std::array<uint32_t, 4> words = philox(block, stream, seed);
    double values[4];
    for (int i = 0; i < 4; i += 2) {
      double u = toUnit(words[i]), v = toUnit(words[i + 1]);
      if (isNormal) { // Box-Muller: two normals of two uniforms.
        double radius = std::sqrt(-2 * std::log(u)), angle = 2 * M_PI * v;
        values[i] = first + second * radius * std::cos(angle);
        values[i + 1] = first + second * radius * std::sin(angle);
      } else {
        values[i] = first + (second - first) * u;
        values[i + 1] = first + (second - first) * v;
      }
    }
    for (uint64_t i = 0; i < 4 && block * 4 + i < count; ++i)
      store(block * 4 + i, values[i]);
  }
}

/// A `rows` x `columns` matrix (rows <= columns) with orthonormal rows: Gram-Schmidt, twice for accuracy, on normal
/// numbers.
std::vector<double> makeOrthonormalRows(uint64_t rows, uint64_t columns, uint64_t stream, uint64_t seed) {
  std::vector<double> matrix(rows * columns);
  sample(true, 0, 1, matrix.size(), stream, seed, [&](uint64_t i, double value) { matrix[i] = value; });
  auto dot = [&](const double *a, const double *b) {
    double sum = 0;
    for (uint64_t i = 0; i < columns; ++i)
      sum += a[i] * b[i];
    return sum;
  };
  for (uint64_t row = 0; row < rows; ++row) {
    double *current = &matrix[row * columns];
    for (int pass = 0; pass < 2; ++pass)
      for (uint64_t other = 0; other < row; ++other) {
        const double *previous = &matrix[other * columns];
        double projection = dot(current, previous);
        for (uint64_t i = 0; i < columns; ++i)
          current[i] -= projection * previous[i];
      }
    double norm = std::sqrt(dot(current, current));
    for (uint64_t i = 0; i < columns; ++i)
      current[i] /= norm;
  }
  return matrix;
}

} // namespace

/// The two numbers of a distribution: bounds, or mean and standard deviation.
static std::pair<double, double> resolveScale(const Initializer &initializer, RankedTensorType type,
                                              bool isTransposed) {
  if (initializer.scale == Scale::Fixed)
    return {initializer.first, initializer.second};
  double receptive = 1;
  for (int64_t i = 2; i < type.getRank(); ++i)
    receptive *= type.getDimSize(i);
  double rows = type.getRank() > 0 ? type.getDimSize(0) : 1, columns = type.getRank() > 1 ? type.getDimSize(1) : rows;
  double fanIn = (isTransposed ? rows : columns) * receptive, fanOut = (isTransposed ? columns : rows) * receptive;
  double fan = initializer.scale == Scale::FanIn ? fanIn : (fanIn + fanOut) / 2;
  double deviation = std::sqrt(initializer.second / fan);
  // A uniform distribution on (-a, a) has the variance a^2 / 3.
  if (initializer.kind == Kind::Uniform)
    return {-std::sqrt(3.0) * deviation, std::sqrt(3.0) * deviation};
  return {0, deviation};
}

DictionaryAttr dlc::json::describeInitializer(const Initializer &initializer, RankedTensorType type,
                                              bool isTransposed) {
  Builder builder(type.getContext());
  auto [first, second] = resolveScale(initializer, type, isTransposed);
  auto describe = [&](StringRef distribution, StringRef firstName, StringRef secondName) {
    SmallVector<NamedAttribute> entries = {builder.getNamedAttr("distribution", builder.getStringAttr(distribution)),
                                           builder.getNamedAttr(firstName, builder.getF64FloatAttr(first))};
    if (!secondName.empty())
      entries.push_back(builder.getNamedAttr(secondName, builder.getF64FloatAttr(second)));
    return builder.getDictionaryAttr(entries);
  };
  switch (initializer.kind) {
  case Kind::Constant:
    return {};
  case Kind::Uniform:
    return describe("uniform", "low", "high");
  case Kind::Normal:
    return describe("normal", "mean", "stddev");
  case Kind::Orthogonal:
    return describe("orthogonal", "gain", "");
  }
  llvm_unreachable("all kinds are handled");
}

void dlc::json::initialize(const Initializer &initializer, RankedTensorType type, bool isTransposed, uint64_t seed,
                           StringRef name, MutableArrayRef<char> bytes) {
  Type elementType = type.getElementType();
  uint64_t count = type.getNumElements(), size = getElementSize(elementType), stream = hashName(name);
  if (count == 0)
    return;
  auto store = [&](uint64_t i, double value) { storeFloat(value, elementType, &bytes[i * size]); };
  auto [first, second] = resolveScale(initializer, type, isTransposed);
  switch (initializer.kind) {
  case Kind::Constant:
    for (uint64_t i = 0; i < count; ++i)
      if (isa<FloatType>(elementType))
        storeFloat(initializer.first, elementType, &bytes[i * size]);
      else
        storeInteger(static_cast<int64_t>(first), elementType, &bytes[i * size]);
    return;
  case Kind::Uniform:
  case Kind::Normal:
    return sample(initializer.kind == Kind::Normal, first, second, count, stream, seed, store);
  case Kind::Orthogonal: {
    uint64_t outer = type.getRank() > 0 ? type.getDimSize(0) : 1, inner = count / outer;
    bool isTall = outer > inner;
    std::vector<double> matrix = makeOrthonormalRows(std::min(outer, inner), std::max(outer, inner), stream, seed);
    for (uint64_t row = 0; row < outer; ++row)
      for (uint64_t column = 0; column < inner; ++column)
        store(row * inner + column, first * (isTall ? matrix[column * outer + row] : matrix[row * inner + column]));
    return;
  }
  }
}
