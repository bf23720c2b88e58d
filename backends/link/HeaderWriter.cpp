// SPDX-License-Identifier: Apache-2.0
#include "backends/link/HeaderWriter.h"
#include "dlc/abi.h"
#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>

using namespace dlc;

namespace {

struct ElementNames {
  uint32_t type;
  const char *cType;
  const char *constant;
};

// f16 and bf16 have no type in C11 or C++17: they travel as their bits.
constexpr ElementNames elementNames[] = {{DLC_I8, "int8_t", "DLC_I8"},
                                         {DLC_I16, "int16_t", "DLC_I16"},
                                         {DLC_I32, "int32_t", "DLC_I32"},
                                         {DLC_I64, "int64_t", "DLC_I64"},
                                         {DLC_U8, "uint8_t", "DLC_U8"},
                                         {DLC_U16, "uint16_t", "DLC_U16"},
                                         {DLC_U32, "uint32_t", "DLC_U32"},
                                         {DLC_U64, "uint64_t", "DLC_U64"},
                                         {DLC_F16, "uint16_t", "DLC_F16"},
                                         {DLC_F32, "float", "DLC_F32"},
                                         {DLC_F64, "double", "DLC_F64"},
                                         {DLC_BF16, "uint16_t", "DLC_BF16"},
                                         {DLC_BOOL, "uint8_t", "DLC_BOOL"},
                                         {DLC_I4, "int8_t", "DLC_I4"},
                                         {DLC_I2, "int8_t", "DLC_I2"},
                                         {DLC_U4, "uint8_t", "DLC_U4"},
                                         {DLC_U2, "uint8_t", "DLC_U2"},
                                         {DLC_F8E4M3FN, "uint8_t", "DLC_F8E4M3FN"},
                                         {DLC_F8E4M3FNUZ, "uint8_t", "DLC_F8E4M3FNUZ"},
                                         {DLC_F8E5M2, "uint8_t", "DLC_F8E5M2"},
                                         {DLC_F8E5M2FNUZ, "uint8_t", "DLC_F8E5M2FNUZ"},
                                         {DLC_F8E8M0FNU, "uint8_t", "DLC_F8E8M0FNU"},
                                         {DLC_F6E2M3FN, "uint8_t", "DLC_F6E2M3FN"},
                                         {DLC_F6E3M2FN, "uint8_t", "DLC_F6E3M2FN"},
                                         {DLC_F4E2M1FN, "uint8_t", "DLC_F4E2M1FN"}};

const ElementNames &namesOf(uint32_t elementType) {
  for (const ElementNames &names : elementNames)
    if (names.type == elementType)
      return names;
  return elementNames[9];
}

/// Words that a parameter cannot be called: C's, C++'s, and what the function itself uses.
const std::set<std::string> &reservedWords() {
  static const std::set<std::string> words = {
      "alignas",   "alignof",   "and",      "asm",      "auto",    "bitand",  "bitor",     "bool",     "break",
      "case",      "catch",     "char",     "class",    "compl",   "const",   "constexpr", "continue", "decltype",
      "default",   "delete",    "do",       "double",   "else",    "enum",    "explicit",  "export",   "extern",
      "false",     "float",     "for",      "friend",   "goto",    "if",      "inline",    "int",      "long",
      "mutable",   "namespace", "new",      "noexcept", "not",     "nullptr", "operator",  "or",       "private",
      "protected", "public",    "register", "restrict", "return",  "short",   "signed",    "sizeof",   "static",
      "struct",    "switch",    "template", "this",     "throw",   "true",    "try",       "typedef",  "typeid",
      "typename",  "union",     "unsigned", "using",    "virtual", "void",    "volatile",  "wchar_t",  "while",
      "xor",       "context",   "entry",    "inputs",   "outputs", "symbols", "dims",      "main",     "NULL",
      "errno",     "stdin",     "stdout",   "stderr",   "linux",   "unix"};
  return words;
}

/// `name` as an identifier that is not in `taken` yet.
std::string makeIdentifier(const std::string &name, std::set<std::string> &taken) {
  std::string identifier;
  for (unsigned char c : name)
    if (std::isalnum(c))
      identifier += static_cast<char>(c);
    else if (!identifier.empty() && identifier.back() != '_')
      identifier += '_';
  while (!identifier.empty() && identifier.back() == '_')
    identifier.pop_back();
  // A leading digit is illegal, a macro's or keyword's name useless.
  if (identifier.empty() || std::isdigit(static_cast<unsigned char>(identifier[0])))
    identifier = "tensor_" + identifier;
  if (reservedWords().count(identifier) || identifier.rfind("DLC_", 0) == 0 || identifier.rfind("dlc_", 0) == 0)
    identifier += "_";
  std::string unique = identifier;
  for (int number = 2; !taken.insert(unique).second; ++number)
    unique = identifier + "_" + std::to_string(number);
  return unique;
}

/// Text inside a comment: on one line, and unable to end it.
std::string inComment(std::string text) {
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  for (size_t at; (at = text.find("*/")) != std::string::npos || (at = text.find("/*")) != std::string::npos;)
    text[at + 1] = ' ';
  // A trailing backslash would continue the line.
  std::replace(text.begin(), text.end(), '\\', '|');
  return text;
}

/// Writes the function of one entry point.
class EntryWriter {
public:
  EntryWriter(const HeaderModel &model, size_t index) : model(model), entry(model.entries[index]), index(index) {
    for (const HeaderSymbol &symbol : entry.symbols)
      symbolNames.push_back(symbol.isComputed ? "-1" : makeIdentifier(symbol.name, taken));
    for (const HeaderTensor &tensor : entry.inputs)
      inputNames.push_back(makeIdentifier(tensor.name, taken));
    for (const HeaderTensor &tensor : entry.outputs)
      outputNames.push_back(makeIdentifier(tensor.name, taken));
  }

  /// `function` is its name, unique in the header.
  std::string write(const std::string &function) {
    text =
        "/// Runs the entry point '" + inComment(entry.name) + "' on buffers of the caller's, compact and row-major.\n";
    for (size_t s = 0; s < entry.symbols.size(); ++s)
      if (isParameter(entry.symbols[s]))
        text += "///   " + symbolNames[s] + ": from " + std::to_string(entry.symbols[s].minimum) + " to " +
                std::to_string(entry.symbols[s].maximum) + "\n";
    documentTensors(entry.inputs, inputNames, "reads");
    documentTensors(entry.outputs, outputNames, "writes");
    for (size_t i = 0; i < entry.states.size(); ++i)
      text += (i ? ", " : "/// Continues from the state that the context keeps (dlc_context_reset clears it): ") +
              inComment(entry.states[i]) + (i + 1 < entry.states.size() ? "" : "\n");
    if (entry.usesVariables)
      text += "/// Works on the variables that are bound to the context by dlc_variables_bind.\n";
    if (std::any_of(entry.outputs.begin(), entry.outputs.end(),
                    [](const HeaderTensor &x) { return x.isBounded || x.isKept; }))
      text += "/// Data decides how large some outputs are: buffers have room for the largest shapes, and\n"
              "/// dlc_result_shapes(context, &context->model->entries[" +
              std::to_string(index) + "], dims) says what they are.\n";
    for (size_t i = 0; i < entry.outputs.size(); ++i)
      if (entry.outputs[i].isKept)
        text += "/// The context keeps '" + inComment(entry.outputs[i].name) +
                "' until the next run: " + describe(entry.outputs[i]) +
                " at\n/// dlc_result_data(context, &context->model->entries[" + std::to_string(index) + "], " +
                std::to_string(i) + ").\n";
    text += "/// Returns a dlc_status; dlc_context_message(context) says what is wrong.\n";
    writeSignature(function);
    writeModelCheck();
    writeElements();
    writeComputedDims();
    writeTensors(entry.inputs, inputNames, "inputs");
    writeTensors(entry.outputs, outputNames, "outputs");
    text += "  return dlc_run(context, entry, " + arrayName(entry.inputs, "inputs") + ", " +
            std::to_string(entry.inputs.size()) + ", " + arrayName(entry.outputs, "outputs") + ", " +
            std::to_string(entry.outputs.size()) + ");\n}\n";
    return text;
  }

private:
  static std::string arrayName(const std::vector<HeaderTensor> &tensors, const char *name) {
    return tensors.empty() ? "NULL" : name;
  }

  /// Whether the caller passes the symbol's value.
  static bool isParameter(const HeaderSymbol &symbol) { return !symbol.sign && !symbol.isComputed; }

  /// "float[N][10]", for the eye.
  std::string describe(const HeaderTensor &tensor) const {
    std::string description = namesOf(tensor.elementType).cType;
    for (const HeaderDim &dim : tensor.dims)
      description += "[" +
                     (dim.kind == HeaderDim::Fixed    ? std::to_string(dim.value)
                      : dim.kind == HeaderDim::Symbol ? symbolNames[static_cast<size_t>(dim.value)]
                                                      : inComment(dim.text)) +
                     "]";
    // What C has no type for, as its bits or in more of them than it has.
    const ElementNames &names = namesOf(tensor.elementType);
    bool isInteger = tensor.elementType < 0x0200, isNarrow = (tensor.elementType & 0xff) < 8;
    bool isBits = !isInteger && tensor.elementType != DLC_BOOL && std::string(names.cType).rfind("uint", 0) == 0;
    if (isBits || isNarrow) {
      std::string name = names.constant + std::string("DLC_").size();
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      description += (isInteger ? ", " : ", bits of ") + name;
    }
    if (tensor.elementType == DLC_BOOL)
      description += ", 0 or 1";
    return description;
  }

  void documentTensors(const std::vector<HeaderTensor> &tensors, const std::vector<std::string> &names,
                       const char *verb) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (tensors[i].isKept)
        continue;
      text += std::string("///   ") + verb + " " + names[i] + ": " + describe(tensors[i]);
      if (names[i] != tensors[i].name)
        text += " ('" + inComment(tensors[i].name) + "')";
      if (!tensors[i].remark.empty())
        text += ", " + inComment(tensors[i].remark);
      text += "\n";
    }
  }

  void writeSignature(const std::string &function) {
    std::string separator =
        ",\n" + std::string(std::string("static inline int32_t ").size() + function.size() + 1, ' ');
    text += "static inline int32_t " + function + "(dlc_context *context";
    for (size_t s = 0; s < entry.symbols.size(); ++s)
      if (isParameter(entry.symbols[s]))
        text += separator + "int64_t " + symbolNames[s];
    for (size_t i = 0; i < inputNames.size(); ++i)
      text += separator + "const " + namesOf(entry.inputs[i].elementType).cType + " *" + inputNames[i];
    for (size_t i = 0; i < outputNames.size(); ++i)
      if (!entry.outputs[i].isKept)
        text += separator + namesOf(entry.outputs[i].elementType).cType + " *" + outputNames[i];
    text += ")";
  }

  /// A context of another model is rejected, and one of this model as it was compiled otherwise: it may lack the entry
  /// point.
  void writeModelCheck() {
    std::string number = std::to_string(index), count = std::to_string(index + 1);
    text += " {\n  if (!context || strcmp(context->model->name, \"" + model.name +
            "\") || context->model->entry_count < " + count + ")\n    return DLC_ERROR_ARGUMENT;\n" +
            "  const dlc_entry_point *entry = &context->model->entries[" + number + "];\n";
  }

  /// Symbols that the caller does not pass, because they are elements of inputs.
  void writeElements() {
    for (size_t s = 0; s < entry.symbols.size(); ++s) {
      const HeaderSymbol &symbol = entry.symbols[s];
      if (!symbol.sign)
        continue;
      std::string element = inputNames[symbol.input] + "[" + std::to_string(symbol.element) + "]";
      text += "  const int64_t " + symbolNames[s] + " = " + element +
              (symbol.sign > 0 ? " > 0 ? (int64_t)" : " < 0 ? -(int64_t)") + element + " : 0;\n";
    }
  }

  /// The library computes what is not a plain symbol.
  void writeComputedDims() {
    size_t total = 0;
    for (const HeaderTensor &tensor : entry.outputs)
      for (const HeaderDim &dim : tensor.dims) {
        hasComputedDims |= dim.kind == HeaderDim::Computed;
        ++total;
      }
    if (!hasComputedDims)
      return;
    std::string symbols = "NULL";
    if (!symbolNames.empty()) {
      text += "  const int64_t symbols[] = {";
      for (size_t s = 0; s < symbolNames.size(); ++s)
        text += (s ? ", " : "") + symbolNames[s];
      text += "};\n";
      symbols = "symbols";
    }
    // The tables have the sizes that the entry point had when the header was written.
    text += "  if (entry->symbol_count != " + std::to_string(symbolNames.size()) +
            " || entry->output_count != " + std::to_string(entry.outputs.size());
    for (size_t i = 0; i < entry.outputs.size(); ++i)
      text += " ||\n      entry->outputs[" + std::to_string(i) +
              "].rank != " + std::to_string(entry.outputs[i].dims.size());
    text += ")\n    return DLC_ERROR_ARGUMENT;\n";
    text += "  int64_t dims[" + std::to_string(total) + "];\n  int32_t status = dlc_output_shapes(context, entry, " +
            symbols + ", dims);\n  if (status)\n    return status;\n";
    taken.insert("status");
  }

  void writeTensors(const std::vector<HeaderTensor> &tensors, const std::vector<std::string> &names,
                    const char *array) {
    if (tensors.empty())
      return;
    bool isOutput = &tensors == &entry.outputs;
    std::string list;
    size_t nextDim = 0;
    for (size_t i = 0; i < tensors.size(); ++i) {
      std::string shape = "NULL";
      if (isOutput && hasComputedDims && !tensors[i].dims.empty()) {
        shape = "dims + " + std::to_string(nextDim);
      } else if (!tensors[i].dims.empty()) {
        shape = makeIdentifier(names[i] + "_shape", taken);
        text += "  int64_t " + shape + "[] = {";
        for (size_t d = 0; d < tensors[i].dims.size(); ++d)
          text += (d ? ", " : "") + (tensors[i].dims[d].kind == HeaderDim::Fixed
                                         ? std::to_string(tensors[i].dims[d].value)
                                         : symbolNames[static_cast<size_t>(tensors[i].dims[d].value)]);
        text += "};\n";
      }
      nextDim += tensors[i].dims.size();
      list += std::string(i ? ",\n" : "") + "      dlc_tensor_of(" +
              (tensors[i].isKept ? "NULL" : (isOutput ? "" : "(void *)(uintptr_t)") + names[i]) + ", " +
              namesOf(tensors[i].elementType).constant + ", " + std::to_string(tensors[i].dims.size()) + ", " + shape +
              ")";
    }
    text += std::string("  dlc_tensor ") + array + "[] = {\n" + list + "};\n";
  }

  const HeaderModel &model;
  const HeaderEntry &entry;
  size_t index;
  std::set<std::string> taken{"status"};
  std::vector<std::string> symbolNames, inputNames, outputNames;
  bool hasComputedDims = false;
  std::string text;
};

/// Text as a literal of C; what is not ASCII goes in as octal numbers, which end after three digits.
std::string quote(const std::string &text) {
  std::string literal = "\"";
  for (unsigned char c : text)
    if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?') {
      const char digits[] = {'\\', static_cast<char>('0' + (c >> 6)), static_cast<char>('0' + (c >> 3 & 7)),
                             static_cast<char>('0' + (c & 7)), 0};
      literal += digits;
    } else {
      literal += static_cast<char>(c);
    }
  return literal + "\"";
}

/// A function from the number of a class to its name.
std::string writeClasses(const HeaderModel &model, const std::string &function) {
  std::string text = "/// The name of class `index`, from 0 to " + std::to_string(model.classNames.size() - 1) +
                     "; null for other numbers.\nstatic inline const char *" + function +
                     "(int64_t index) {\n  static const char *const names[] = {";
  for (size_t i = 0; i < model.classNames.size(); ++i)
    text += (i ? ", " : "") + quote(model.classNames[i]);
  return text + "};\n  return index >= 0 && index < " + std::to_string(model.classNames.size()) +
         " ? names[index] : NULL;\n}\n";
}

} // namespace

std::string dlc::writeHeader(const HeaderModel &model) {
  std::string guard = "DLC_MODEL_";
  for (unsigned char c : model.name)
    guard += static_cast<char>(std::toupper(c));
  guard += "_H";
  std::string text = "/* The model '" + model.name + "', written by " + inComment(model.compiler) +
                     ". Link with the object, archive or library of the same name, or\n"
                     " * open the library with dlc_library_open. */\n"
                     "#ifndef " +
                     guard + "\n#define " + guard +
                     "\n\n#include \"dlc/runtime.h\"\n\n"
                     "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
                     "/// Make contexts for it with dlc_context_create.\n"
                     "extern const dlc_model dlc_model_" +
                     model.name + ";\n\n";
  if (model.variableBytes)
    text += "/// Bytes of the block, aligned to 64, that holds the model's variables: bind it with "
            "dlc_variables_bind.\n#define " +
            guard.substr(0, guard.size() - 2) + "_VARIABLE_BYTES " + std::to_string(model.variableBytes) + "u\n\n";
  std::set<std::string> functions;
  if (!model.classNames.empty())
    text += writeClasses(model, makeIdentifier(model.name + "_class_name", functions)) + "\n";
  for (size_t i = 0; i < model.entries.size(); ++i)
    text += EntryWriter(model, i).write(makeIdentifier(model.name + "_" + model.entries[i].name, functions)) + "\n";
  return text + "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " + guard + " */\n";
}
