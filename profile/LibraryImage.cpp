// SPDX-License-Identifier: Apache-2.0
#include "profile/LibraryImage.h"

#include "data/Failure.h"
#include "dlc/library_file.h"
#include "dlc/runtime.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

using namespace dlc::data;
using namespace dlc::profile;

namespace {

std::string architectureName(Elf64_Half machine) {
  const char *name = dlc_machine_name(machine);
  return name ? name : "processor " + std::to_string(machine) + " of the ELF standard";
}

bool isElf64(const Elf64_Ehdr &header) {
  return !std::memcmp(header.e_ident, ELFMAG, SELFMAG) && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_ident[EI_DATA] == ELFDATA2LSB;
}

/// A file's bytes, and structures anywhere in them.
class Bytes {
public:
  explicit Bytes(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    content.assign(std::istreambuf_iterator<char>(file), {});
  }
  bool holds(uint64_t offset, uint64_t count) const {
    return offset <= content.size() && count <= content.size() - offset;
  }
  const char *at(uint64_t offset) const { return content.data() + offset; }
  size_t size() const { return content.size(); }

  /// Element `index` of a table at `offset`; nothing if it is not within the file.
  template <typename T> std::optional<T> read(uint64_t offset, uint64_t index = 0) const {
    T value;
    uint64_t position;
    if (__builtin_mul_overflow(index, sizeof(T), &position) || __builtin_add_overflow(position, offset, &position) ||
        !holds(position, sizeof(T)))
      return std::nullopt;
    std::memcpy(&value, content.data() + position, sizeof(T));
    return value;
  }

private:
  std::vector<char> content;
};

template <typename T> T expect(std::optional<T> value, const std::string &path) {
  if (!value)
    throw Failure("'" + path + "' is truncated or damaged");
  return *value;
}

/// The section of this type; nothing if there is none.
std::optional<Elf64_Shdr> findSection(const Bytes &file, const Elf64_Ehdr &header, Elf64_Word type) {
  for (Elf64_Half i = 0; i < header.e_shnum; ++i)
    if (auto section = file.read<Elf64_Shdr>(header.e_shoff, i); section && section->sh_type == type)
      return section;
  return std::nullopt;
}

/// Addresses of the models that the library exports, by the names of its dynamic symbols.
std::vector<uint64_t> findModels(const Bytes &file, const Elf64_Ehdr &header) {
  static constexpr char prefix[] = "dlc_model_";
  std::vector<uint64_t> found;
  std::optional<Elf64_Shdr> symbols = findSection(file, header, SHT_DYNSYM);
  auto strings = symbols ? file.read<Elf64_Shdr>(header.e_shoff, symbols->sh_link) : std::nullopt;
  if (!strings)
    return found;
  for (uint64_t i = 0; i < symbols->sh_size / sizeof(Elf64_Sym); ++i) {
    auto symbol = file.read<Elf64_Sym>(symbols->sh_offset, i);
    uint64_t name;
    if (!symbol || __builtin_add_overflow(strings->sh_offset, symbol->st_name, &name))
      break;
    if (symbol->st_shndx != SHN_UNDEF && file.holds(name, sizeof prefix) &&
        !std::memcmp(file.at(name), prefix, sizeof prefix - 1))
      found.push_back(symbol->st_value);
  }
  return found;
}

} // namespace

std::string LibraryImage::findForeignArchitecture(const std::string &path) {
  Elf64_Ehdr header;
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char *>(&header), sizeof header) || !isElf64(header) ||
      header.e_machine == dlc_native_machine())
    return "";
  return architectureName(header.e_machine);
}

LibraryImage::LibraryImage(const std::string &path) {
  Bytes file(path);
  auto header = expect(file.read<Elf64_Ehdr>(0), path);
  if (!isElf64(header) || header.e_type != ET_DYN)
    throw Failure("'" + path + "' is not a library made by dlc");

  std::vector<Elf64_Phdr> segments;
  for (Elf64_Half i = 0; i < header.e_phnum; ++i) {
    auto segment = expect(file.read<Elf64_Phdr>(header.e_phoff, i), path);
    if (segment.p_type != PT_LOAD)
      continue;
    uint64_t end;
    // What is not in the file is zeros; a library has few.
    constexpr uint64_t mostZeros = 64 << 20;
    if (!file.holds(segment.p_offset, segment.p_filesz) || segment.p_filesz > segment.p_memsz ||
        __builtin_add_overflow(segment.p_vaddr, segment.p_memsz, &end) || end > file.size() + mostZeros)
      expect(std::optional<int>(), path);
    size = std::max<size_t>(size, end);
    segments.push_back(segment);
  }
  constexpr size_t page = 4096;
  size = (size + page) / page * page;
  memory.reset(static_cast<unsigned char *>(std::aligned_alloc(page, size)));
  if (!memory)
    throw Failure("no memory for the " + std::to_string(size) + " bytes of '" + path + "'");
  std::memset(memory.get(), 0, size);
  for (const Elf64_Phdr &segment : segments)
    std::memcpy(memory.get() + segment.p_vaddr, file.at(segment.p_offset), segment.p_filesz);

  // Addresses within the library are all that its description has.
  Elf64_Xword relative = header.e_machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE;
  if (auto section = findSection(file, header, SHT_RELA))
    for (uint64_t i = 0; i < section->sh_size / sizeof(Elf64_Rela); ++i) {
      auto relocation = expect(file.read<Elf64_Rela>(section->sh_offset, i), path);
      if (ELF64_R_TYPE(relocation.r_info) != relative)
        continue;
      auto target = static_cast<uint64_t>(relocation.r_addend);
      if (relocation.r_offset > size - sizeof target || target >= size)
        expect(std::optional<int>(), path);
      target += reinterpret_cast<uint64_t>(memory.get());
      std::memcpy(memory.get() + relocation.r_offset, &target, sizeof target);
    }

  std::vector<uint64_t> models = findModels(file, header);
  if (models.empty())
    throw Failure("'" + path + "' is not a library made by dlc");
  if (models.size() > 1)
    throw Failure("'" + path + "' holds several models");
  const auto *model = reinterpret_cast<const dlc_model *>(memory.get() + std::min<uint64_t>(models[0], size));
  if (!holds(model, 1, offsetof(dlc_model, data_description)))
    expect(std::optional<int>(), path);
  if (model->abi_version != DLC_ABI_VERSION || !DLC_HAS(dlc_model, model, runtime))
    throw Failure("the model uses ABI version " + std::to_string(model->abi_version) + ", this program " +
                  std::to_string(DLC_ABI_VERSION));
  // What the library says that it has of later additions.
  if (!holds(model, 1, std::min<size_t>(model->struct_bytes, sizeof *model)) || !holdsModel(*model))
    expect(std::optional<int>(), path);
  description = model;
}

bool LibraryImage::holds(const void *address, size_t count, size_t bytes) const {
  auto offset = reinterpret_cast<uint64_t>(address) - reinterpret_cast<uint64_t>(memory.get());
  return !count || (offset <= size && offset % 8 == 0 && count <= (size - offset) / bytes);
}

bool LibraryImage::holdsText(const char *text) const {
  auto offset = reinterpret_cast<uint64_t>(text) - reinterpret_cast<uint64_t>(memory.get());
  return offset < size && std::memchr(text, 0, size - offset);
}

bool LibraryImage::holdsTensors(const dlc_tensor_info *tensors, dlc_uint32 count, dlc_uint32 symbols) const {
  if (!holds(tensors, count, sizeof *tensors))
    return false;
  for (const dlc_tensor_info *tensor = tensors; tensor != tensors + count; ++tensor) {
    if (!holdsText(tensor->name) || !holds(tensor->dims, tensor->rank, sizeof *tensor->dims))
      return false;
    for (dlc_uint32 d = 0; d < tensor->rank; ++d)
      if (dlc_int64 dim = tensor->dims[d]; dim < 0 && dim != DLC_DIM_COMPUTED && dim < -static_cast<dlc_int64>(symbols))
        return false;
  }
  return true;
}

bool LibraryImage::holdsModel(const dlc_model &model) const {
  if (const char *data = dlc_data_description(&model); data && !holdsText(data))
    return false;
  if (const char *layers = dlc_layers(&model); layers && !holdsText(layers))
    return false;
  if (!holdsText(model.name) || !holdsText(model.compiler) || !holdsText(model.target) ||
      !holds(model.entries, model.entry_count, sizeof *model.entries) ||
      !holds(model.variables, model.variable_count, sizeof *model.variables) || !model.program_count ||
      !holds(static_cast<const void *>(model.programs), model.program_count, sizeof *model.programs))
    return false;
  for (dlc_uint32 i = 0; i < model.program_count; ++i) {
    const dlc_program *program = model.programs[i];
    if (!holds(program, 1, sizeof *program) || !holdsText(program->target) ||
        (program->weights_file && !holdsText(program->weights_file)) ||
        (DLC_HAS(dlc_program, program, launches) && program->launches && !holdsText(program->launches)) ||
        !holds(program->entries, model.entry_count, sizeof *program->entries))
      return false;
  }
  for (const dlc_variable_info *variable = model.variables; variable != model.variables + model.variable_count;
       ++variable)
    if (!holdsText(variable->name) || !dlc_element_bytes(variable->element_type) ||
        !holds(variable->dims, variable->rank, sizeof *variable->dims))
      return false;
  for (const dlc_entry_point *entry = model.entries; entry != model.entries + model.entry_count; ++entry) {
    if (!holdsText(entry->name) || !holds(entry->symbols, entry->symbol_count, sizeof *entry->symbols) ||
        !holdsTensors(entry->inputs, entry->input_count, entry->symbol_count) ||
        !holdsTensors(entry->outputs, entry->output_count, entry->symbol_count) ||
        !holdsTensors(entry->states, entry->state_count, entry->symbol_count))
      return false;
    for (dlc_uint32 s = 0; s < entry->symbol_count; ++s)
      if (!holdsText(entry->symbols[s].name))
        return false;
  }
  return true;
}
