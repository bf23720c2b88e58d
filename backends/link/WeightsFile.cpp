// SPDX-License-Identifier: Apache-2.0
#include "backends/link/WeightsFile.h"
#include "dlc/abi.h"
#include "ir/ConstantData.h"
#include "ir/ConstantReaders.h"
#include "ir/Layout.h"
#include "ir/OpsProgram.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <malloc.h>

using namespace dlc;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

static std::vector<char> expandSplat(const ConstantData &data) {
  llvm::ArrayRef<char> element = data.getBytes();
  std::vector<char> bytes(element.size() * data.getType().getNumElements());
  for (size_t at = 0; at < bytes.size(); at += element.size())
    std::copy(element.begin(), element.end(), bytes.begin() + at);
  return bytes;
}

/// Hands the whole block to `write`, piece by piece and in order.
static LogicalResult streamBlock(WeightsOp weights, WeightsMemory memory,
                                 llvm::function_ref<void(llvm::ArrayRef<char>)> write) {
  static const char zeros[4096] = {};
  uint64_t position = 0;
  auto padTo = [&](uint64_t offset) {
    while (position < offset) {
      uint64_t count = std::min<uint64_t>(sizeof(zeros), offset - position);
      write(llvm::ArrayRef<char>(zeros, count));
      position += count;
    }
  };

  // The source is not needed any more once it is packed, so that large weights never fill memory twice for long.
  ConstantTable &table = ConstantTable::get(weights.getContext());
  std::optional<ConstantReaders> readers;
  if (memory == WeightsMemory::Release)
    readers.emplace(table, weights.getValues().getValue());
  auto release = [&](size_t reader) {
    if (readers)
      for (ConstantTable::UnitRange units : readers->getLastRead(reader))
        table.release(units);
  };

  for (auto [reader, value, typeAttr, offset] :
       llvm::enumerate(weights.getValues(), weights.getTypes(), weights.getOffsets())) {
    if (static_cast<uint64_t>(offset) < position)
      return weights.emitError("internal error: weights overlap at byte ") << offset;
    padTo(offset);
    auto type = llvm::cast<mlir::RankedTensorType>(llvm::cast<mlir::TypeAttr>(typeAttr).getValue());
    std::optional<ConstantData> data = ConstantData::get(llvm::cast<mlir::ElementsAttr>(value));
    if (!data)
      return weights.emitError("internal error: the data of a weight of type ") << type << " is missing";
    std::vector<char> stored;
    if (getLayout(type)) {
      mlir::AffineExpr bytes = getBufferBytes(type, staticDims(type));
      stored.resize(*constantDim(bytes));
      std::vector<char> expanded = data->isSplat() ? expandSplat(*data) : std::vector<char>();
      packElements(type, expanded.empty() ? data->getBytes() : llvm::ArrayRef<char>(expanded), stored);
    } else if (data->isSplat()) {
      stored = expandSplat(*data);
    }
    bool isCopied = !stored.empty();
    if (isCopied)
      release(reader);
    llvm::ArrayRef<char> bytes = isCopied ? llvm::ArrayRef<char>(stored) : data->getBytes();
    write(bytes);
    position += bytes.size();
    if (!isCopied)
      release(reader);
  }
  if (position > weights.getSize())
    return weights.emitError("internal error: weights of ") << position << " bytes in a block of " << weights.getSize();
  padTo(weights.getSize());
  if (memory == WeightsMemory::Release) {
    table.releaseAll();
    malloc_trim(0);
  }
  return success();
}

static LogicalResult reportWriteError(WeightsOp weights, llvm::StringRef path, std::error_code code) {
  return weights.emitError("cannot write '") << path << "': " << code.message();
}

LogicalResult dlc::writeWeightsObject(WeightsOp weights, const Target &target, llvm::StringRef symbol,
                                      llvm::StringRef path, WeightsMemory memory) {
  namespace ELF = llvm::ELF;
  uint64_t size = weights.getSize();
  if (size > (uint64_t(2) << 30) - (uint64_t(64) << 20))
    return weights.emitError("the weights take ")
           << (size >> 20) << " MiB, too much to embed; pass --weights=file to keep them in a file beside the library";

  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (code)
    return reportWriteError(weights, path, code);
  stream.SetBufferSize(1 << 20);
  auto put = [&](const auto &value) { stream.write(reinterpret_cast<const char *>(&value), sizeof(value)); };

  constexpr uint64_t alignment = bufferAlignment;
  enum Section { Null, Rodata, Symtab, Strtab, Shstrtab, NoteStack, SectionCount };
  static const char sectionNames[] = "\0.rodata\0.symtab\0.strtab\0.shstrtab\0.note.GNU-stack";
  const uint32_t nameOffsets[SectionCount] = {0, 1, 9, 17, 25, 35};
  std::string strings = '\0' + symbol.str() + '\0';

  static_assert(sizeof(ELF::Elf64_Ehdr) == alignment, "the section begins right after the header, aligned");
  uint64_t symtabOffset = llvm::alignTo(alignment + size, 8);
  uint64_t strtabOffset = symtabOffset + 2 * sizeof(ELF::Elf64_Sym);
  uint64_t shstrtabOffset = strtabOffset + strings.size();
  uint64_t headersOffset = llvm::alignTo(shstrtabOffset + sizeof(sectionNames), 8);

  ELF::Elf64_Ehdr header = {};
  memcpy(header.e_ident, ELF::ElfMagic, 4);
  header.e_ident[ELF::EI_CLASS] = ELF::ELFCLASS64;
  header.e_ident[ELF::EI_DATA] = ELF::ELFDATA2LSB;
  header.e_ident[ELF::EI_VERSION] = ELF::EV_CURRENT;
  header.e_type = ELF::ET_REL;
  header.e_machine = target.triple.isAArch64() ? ELF::EM_AARCH64 : ELF::EM_X86_64;
  header.e_version = ELF::EV_CURRENT;
  header.e_shoff = headersOffset;
  header.e_ehsize = sizeof(ELF::Elf64_Ehdr);
  header.e_shentsize = sizeof(ELF::Elf64_Shdr);
  header.e_shnum = SectionCount;
  header.e_shstrndx = Shstrtab;
  put(header);

  if (mlir::failed(
          streamBlock(weights, memory, [&](llvm::ArrayRef<char> bytes) { stream.write(bytes.data(), bytes.size()); })))
    return failure();

  stream.write_zeros(symtabOffset - (alignment + size));
  put(ELF::Elf64_Sym{});
  ELF::Elf64_Sym entry = {};
  entry.st_name = 1;
  entry.setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  entry.st_other = ELF::STV_HIDDEN;
  entry.st_shndx = Rodata;
  entry.st_size = size;
  put(entry);
  stream << strings;
  stream.write(sectionNames, sizeof(sectionNames));
  stream.write_zeros(headersOffset - (shstrtabOffset + sizeof(sectionNames)));

  ELF::Elf64_Shdr sections[SectionCount] = {};
  for (int i = 0; i < SectionCount; ++i) {
    sections[i].sh_name = nameOffsets[i];
    sections[i].sh_addralign = i == Null ? 0 : 1;
  }
  sections[Rodata].sh_type = ELF::SHT_PROGBITS;
  sections[Rodata].sh_flags = ELF::SHF_ALLOC;
  sections[Rodata].sh_offset = alignment;
  sections[Rodata].sh_size = size;
  sections[Rodata].sh_addralign = alignment;
  sections[Symtab].sh_type = ELF::SHT_SYMTAB;
  sections[Symtab].sh_offset = symtabOffset;
  sections[Symtab].sh_size = 2 * sizeof(ELF::Elf64_Sym);
  sections[Symtab].sh_link = Strtab;
  sections[Symtab].sh_info = 1; // the first symbol that is not local
  sections[Symtab].sh_addralign = 8;
  sections[Symtab].sh_entsize = sizeof(ELF::Elf64_Sym);
  sections[Strtab].sh_type = ELF::SHT_STRTAB;
  sections[Strtab].sh_offset = strtabOffset;
  sections[Strtab].sh_size = strings.size();
  sections[Shstrtab].sh_type = ELF::SHT_STRTAB;
  sections[Shstrtab].sh_offset = shstrtabOffset;
  sections[Shstrtab].sh_size = sizeof(sectionNames);
  sections[NoteStack].sh_type = ELF::SHT_PROGBITS;
  sections[NoteStack].sh_offset = shstrtabOffset;
  put(sections);

  stream.close();
  code = stream.error();
  stream.clear_error();
  return code ? reportWriteError(weights, path, code) : success();
}

LogicalResult dlc::writeWeightsSidecar(WeightsOp weights, llvm::StringRef path, WeightsMemory memory, uint64_t &hash) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (code)
    return reportWriteError(weights, path, code);
  stream.SetBufferSize(1 << 20);
  hash = 0xcbf29ce484222325u;
  auto write = [&](llvm::ArrayRef<char> bytes) {
    for (char byte : bytes)
      hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
    stream.write(bytes.data(), bytes.size());
  };
  if (mlir::failed(streamBlock(weights, memory, write)))
    return failure();
  stream << DLC_WEIGHTS_MAGIC;
  for (int shift = 0; shift < 64; shift += 8)
    stream << static_cast<char>(hash >> shift);
  stream.close();
  code = stream.error();
  stream.clear_error();
  return code ? reportWriteError(weights, path, code) : success();
}
