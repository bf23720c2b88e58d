// SPDX-License-Identifier: Apache-2.0
// A PTX text taken apart into declarations and statements, without their meaning: what the decoder works on.
#pragma once
#include "test/fake_cuda/ptx/Type.h"
#include <string>
#include <string_view>
#include <vector>

namespace fake_cuda {

/// `.space .align N .type name[count] = {...}`: a variable, or a parameter of a function.
struct Variable {
  std::string space; // "shared", "global", "const", "local", "param", "reg"
  std::string name;
  Type type = Type::None;
  uint64_t count = 1;
  unsigned alignment = 1;
  bool isExtern = false;
  bool isArray = false;
  std::string initializer; // what is written after '='
  uint64_t bytes() const { return count * bytesOf(type); }
};

/// One statement of a body: an instruction `@!p opcode.modifiers operands;`, a label, a declaration or a scope's brace.
struct Statement {
  enum Kind { Instruction, Label, Declaration, ScopeBegin, ScopeEnd, Directive } kind = Instruction;
  unsigned line = 0;
  std::string guard; // a predicate register, or empty
  bool guardIsNegated = false;
  std::vector<std::string> opcode;   // split at dots: {"ld", "global", "v4", "f32"}
  std::vector<std::string> operands; // split at commas outside brackets
  std::string text;                  // the statement as written; a label's name

  const std::string &name() const { return opcode.front(); }
  bool has(std::string_view modifier) const;
};

struct Function {
  std::string name;
  bool isEntry = false;
  bool isDeclaration = false;
  std::vector<Variable> parameters;
  std::vector<Variable> results;
  uint32_t maxThreads = 0;      // the product of `.maxntid`; 0: not stated
  uint32_t requiredThreads = 0; // the product of `.reqntid`; 0: not stated
  std::vector<Statement> body;
};

struct Source {
  unsigned versionMajor = 0, versionMinor = 0;
  unsigned target = 0;              // the number of `sm_80`
  bool isArchitectureExact = false; // `sm_90a`: runs on 9.0 alone
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

/// Throws Error with the line of the first thing that is not PTX.
Source parseSource(const std::string &text);

/// A declaration of a variable or parameter without its semicolon; Error with `line` where it is none.
Variable parseVariable(std::string_view declaration, unsigned line);

/// `text` split at `separator` outside brackets, each part without the blanks around it.
std::vector<std::string> splitOutsideBrackets(std::string_view text, char separator);

/// `text` without blanks around it.
std::string_view trimmed(std::string_view text);

} // namespace fake_cuda
