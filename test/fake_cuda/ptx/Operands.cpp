// SPDX-License-Identifier: Apache-2.0
// The decoder's operands: registers, immediates, special registers, addresses of variables.
#include "test/fake_cuda/machine/Windows.h"
#include "test/fake_cuda/ptx/Decoder.h"
#include <cstdlib>
#include <cstring>

namespace fake_cuda {

namespace {
struct SpecialName {
  std::string_view name;
  Special special;
};
constexpr SpecialName specialNames[] = {
    {"%tid.x", Special::TidX},
    {"%tid.y", Special::TidY},
    {"%tid.z", Special::TidZ},
    {"%ntid.x", Special::NtidX},
    {"%ntid.y", Special::NtidY},
    {"%ntid.z", Special::NtidZ},
    {"%ctaid.x", Special::CtaidX},
    {"%ctaid.y", Special::CtaidY},
    {"%ctaid.z", Special::CtaidZ},
    {"%nctaid.x", Special::NctaidX},
    {"%nctaid.y", Special::NctaidY},
    {"%nctaid.z", Special::NctaidZ},
    {"%laneid", Special::LaneId},
    {"%warpid", Special::WarpId},
    {"%nwarpid", Special::NWarpId},
    {"%lanemask_eq", Special::LaneMaskEq},
    {"%lanemask_lt", Special::LaneMaskLt},
    {"%lanemask_le", Special::LaneMaskLe},
    {"%lanemask_gt", Special::LaneMaskGt},
    {"%lanemask_ge", Special::LaneMaskGe},
    {"%smid", Special::SmId},
    {"%nsmid", Special::NSmId},
    {"%gridid", Special::GridId},
    {"%cluster_ctarank", Special::ClusterCtaRank},
    {"%cluster_nctarank", Special::ClusterNCtaRank},
    {"%dynamic_smem_size", Special::DynamicSharedBytes},
    {"%total_smem_size", Special::TotalSharedBytes},
};

/// An immediate, as the bits of a value of 8 bytes; floats as `0f3f800000` or `0d...`, else integers.
bool parseImmediate(std::string_view text, uint64_t &value) {
  if (text.empty())
    return false;
  std::string copy(text);
  if (copy.size() > 2 && copy[0] == '0' && strchr("fFdD", copy[1])) {
    char *end = nullptr;
    value = strtoull(copy.c_str() + 2, &end, 16);
    return *end == 0;
  }
  bool isNegative = copy[0] == '-';
  const char *digits = copy.c_str() + isNegative;
  if (!isdigit(static_cast<unsigned char>(*digits)))
    return false;
  char *end = nullptr;
  bool isBinary = digits[0] == '0' && (digits[1] == 'b' || digits[1] == 'B');
  value = isBinary ? strtoull(digits + 2, &end, 2) : strtoull(digits, &end, 0);
  if (*end == 'U')
    ++end;
  if (*end == '.') { // a decimal fraction is a double
    double number = strtod(copy.c_str(), &end);
    memcpy(&value, &number, 8);
    return *end == 0;
  }
  if (isNegative)
    value = -value;
  return *end == 0;
}
} // namespace

bool Decoder::variableAddress(const std::string &name, uint64_t &value) const {
  const Name *found = lookup(name);
  if (!found) {
    auto global = module.globals.find(name);
    if (global == module.globals.end())
      return false;
    value = global->second.address;
    return true;
  }
  if (found->kind == Name::Register)
    return false;
  // As in PTX: the name of a variable is its address in its own space. Parameters of a kernel are in the parameter
  // window.
  value = found->offset;
  return true;
}

RegisterOffset Decoder::readWider(const std::string &operand, unsigned &bytes) {
  if (const Name *name = lookup(operand); name && name->kind == Name::Register && name->bytes) {
    bytes = name->bytes;
    noteRead(name->slot);
    return name->slot;
  }
  bytes = std::max(2u, bytes);
  uint64_t value = 0;
  if (parseImmediate(operand, value) || variableAddress(operand, value))
    return constant(value, bytes);
  for (const SpecialName &each : specialNames)
    if (each.name == operand) {
      bytes = 4;
      return special(each.special);
    }
  throw Error("unknown operand '" + operand + "'");
}

RegisterOffset Decoder::read(const std::string &operand, unsigned bytes) {
  if (bytes == 0)
    return readPredicate(operand);
  bytes = std::max(2u, bytes);
  unsigned found = bytes;
  RegisterOffset slot = readWider(operand, found);
  if (found != bytes)
    throw Error("operand '" + operand + "' has " + std::to_string(found) + " bytes, not " + std::to_string(bytes));
  return slot;
}

RegisterOffset Decoder::writeWider(const std::string &operand, unsigned &bytes) {
  if (operand == "_")
    return temporary(bytes);
  const Name *name = lookup(operand);
  if (!name || name->kind != Name::Register || name->bytes == 0)
    throw Error("'" + operand + "' is not a register");
  bytes = name->bytes;
  noteWrite(name->slot);
  return name->slot;
}

RegisterOffset Decoder::write(const std::string &operand, unsigned bytes) {
  if (bytes == 0)
    return writePredicate(operand);
  bytes = std::max(2u, bytes);
  unsigned found = bytes;
  RegisterOffset slot = writeWider(operand, found);
  if (found != bytes)
    throw Error("register '" + operand + "' has " + std::to_string(found) + " bytes, not " + std::to_string(bytes));
  return slot;
}

RegisterOffset Decoder::readPredicate(const std::string &operand) {
  if (const Name *name = lookup(operand); name && name->kind == Name::Register && name->bytes == 0)
    return name->slot;
  uint64_t value = 0;
  if (parseImmediate(operand, value))
    return constant(value, 0);
  throw Error("'" + operand + "' is not a predicate");
}

RegisterOffset Decoder::writePredicate(const std::string &operand) {
  if (operand == "_")
    return temporary(0);
  return readPredicate(operand);
}

bool Decoder::isPredicateRegister(const std::string &operand) const {
  const Name *name = lookup(operand);
  return name && name->kind == Name::Register && name->bytes == 0;
}

static std::vector<std::string> elements(const std::string &operand) {
  if (!operand.starts_with('{'))
    return {operand};
  return splitOutsideBrackets(std::string_view(operand).substr(1, operand.rfind('}') - 1), ',');
}

std::vector<RegisterOffset> Decoder::readList(const std::string &operand, unsigned bytes) {
  std::vector<RegisterOffset> result;
  for (const std::string &element : elements(operand))
    result.push_back(read(element, bytes));
  return result;
}

std::vector<RegisterOffset> Decoder::writeList(const std::string &operand, unsigned bytes) {
  std::vector<RegisterOffset> result;
  for (const std::string &element : elements(operand))
    result.push_back(element == "_" ? ignored : write(element, bytes));
  return result;
}

std::vector<std::pair<RegisterOffset, unsigned>> Decoder::readListWider(const std::string &operand, unsigned bytes) {
  std::vector<std::pair<RegisterOffset, unsigned>> result;
  for (const std::string &element : elements(operand)) {
    unsigned width = bytes;
    RegisterOffset slot = readWider(element, width);
    result.emplace_back(slot, width);
  }
  return result;
}

std::vector<std::pair<RegisterOffset, unsigned>> Decoder::writeListWider(const std::string &operand) {
  std::vector<std::pair<RegisterOffset, unsigned>> result;
  for (const std::string &element : elements(operand)) {
    unsigned width = 0;
    RegisterOffset slot = element == "_" ? ignored : writeWider(element, width);
    result.emplace_back(slot, width);
  }
  return result;
}

Address Decoder::address(const std::string &operand) {
  std::string_view inner = operand;
  if (inner.starts_with('['))
    inner = trimmed(inner.substr(1, inner.rfind(']') - 1));
  Address result;
  size_t plus = inner.find_first_of("+-", 1);
  if (plus != std::string_view::npos) {
    uint64_t displacement = 0;
    bool isNegative = inner[plus] == '-';
    std::string_view number = trimmed(inner.substr(plus + 1));
    if (!parseImmediate(number, displacement))
      throw Error("displacement '" + std::string(number) + "'");
    result.displacement = isNegative ? -static_cast<int64_t>(displacement) : static_cast<int64_t>(displacement);
    inner = trimmed(inner.substr(0, plus));
  }
  result.base = readWider(std::string(inner), result.baseBytes);
  if (result.baseBytes < 4)
    throw Error("address in a register of 16 bits");
  return result;
}

bool Decoder::isImmediate(const std::string &operand) const {
  uint64_t value = 0;
  return parseImmediate(operand, value);
}

int64_t Decoder::immediate(const std::string &operand) {
  uint64_t value = 0;
  if (!parseImmediate(operand, value))
    throw Error("'" + operand + "' is not an integer constant");
  return static_cast<int64_t>(value);
}

Decoder::ParameterLocation Decoder::parameter(const std::string &name) const {
  const Name *found = lookup(name);
  if (!found || (found->kind != Name::Param && found->kind != Name::KernelParam))
    throw Error("'" + name + "' is not a parameter");
  return {found->kind == Name::KernelParam, found->offset};
}

} // namespace fake_cuda
