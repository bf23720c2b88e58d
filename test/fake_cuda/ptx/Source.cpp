// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/ptx/Source.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>

namespace fake_cuda {

bool Statement::has(std::string_view modifier) const {
  return std::find(opcode.begin() + 1, opcode.end(), modifier) != opcode.end();
}

std::string_view trimmed(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string> splitOutsideBrackets(std::string_view text, char separator) {
  std::vector<std::string> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    depth += c == '{' || c == '[' || c == '(';
    depth -= c == '}' || c == ']' || c == ')';
    if (c == separator && depth == 0) {
      parts.emplace_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  std::string_view last = trimmed(text.substr(begin));
  if (!last.empty() || !parts.empty())
    parts.emplace_back(last);
  return parts;
}

Variable parseVariable(std::string_view declaration, unsigned line) {
  Variable result;
  size_t equal = declaration.find('=');
  if (equal != std::string_view::npos)
    result.initializer = std::string(trimmed(declaration.substr(equal + 1)));
  std::istringstream words{std::string(declaration.substr(0, equal))};
  std::string word, name;
  while (words >> word) {
    if (word == ".extern") {
      result.isExtern = true;
    } else if (word == ".align") {
      words >> result.alignment;
    } else if (word == ".visible" || word == ".weak" || word == ".common" || word == ".ptr" || word == ".attribute") {
    } else if (word.starts_with('.')) {
      Type type = typeNamed(word.substr(1));
      if (type != Type::None)
        result.type = type;
      else if (result.space.empty()) // a parameter's second space says what it points at
        result.space = word.substr(1);
    } else {
      name += word;
    }
  }
  size_t bracket = name.find('[');
  result.name = name.substr(0, bracket);
  if (result.type == Type::None || result.name.empty())
    throw Error("PTX line " + std::to_string(line) + ": declaration without type or name: '" +
                std::string(declaration) + "'");
  if (bracket != std::string::npos) {
    result.isArray = true;
    for (; bracket != std::string::npos; bracket = name.find('[', bracket + 1))
      result.count *= strtoull(name.c_str() + bracket + 1, nullptr, 0);
  }
  result.alignment = std::max(result.alignment, std::max(1u, bytesOf(result.type)));
  return result;
}

namespace {

class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}
  Source parse();

private:
  [[noreturn]] void fail(const std::string &what) const {
    throw Error("PTX line " + std::to_string(line) + ": " + what);
  }
  bool atEnd() const { return at >= text.size(); }
  bool startsWith(std::string_view word) const { return text.substr(at).starts_with(word); }
  void advance() { line += text[at++] == '\n'; }
  void skipBlanks();
  void skipLine() {
    while (!atEnd() && text[at] != '\n')
      ++at;
  }
  /// A directive or an identifier: letters, digits, '.', '_', '$', '%'.
  std::string word();
  /// Everything up to one of `ends` outside brackets, comments left out; `ends` is not consumed.
  std::string until(std::string_view ends);
  void expect(char c) {
    skipBlanks();
    if (atEnd() || text[at] != c)
      fail(std::string("expected '") + c + "'");
    ++at;
  }
  std::vector<Variable> parameterList();
  Function function(bool isEntry);
  void body(Function &result);
  Statement instruction(const std::string &whole, unsigned where) const;

  std::string_view text;
  size_t at = 0;
  unsigned line = 1;
};

void Parser::skipBlanks() {
  while (!atEnd()) {
    if (startsWith("//")) {
      skipLine();
    } else if (startsWith("/*")) {
      while (!atEnd() && !startsWith("*/"))
        advance();
      at = std::min(at + 2, text.size());
    } else if (isspace(static_cast<unsigned char>(text[at]))) {
      advance();
    } else {
      return;
    }
  }
}

std::string Parser::word() {
  skipBlanks();
  size_t begin = at;
  while (!atEnd() && (isalnum(static_cast<unsigned char>(text[at])) ||
                      std::string_view("._$%").find(text[at]) != std::string_view::npos))
    ++at;
  return std::string(text.substr(begin, at - begin));
}

std::string Parser::until(std::string_view ends) {
  std::string result;
  int depth = 0;
  while (!atEnd()) {
    if (startsWith("//") || startsWith("/*")) {
      skipBlanks();
      result += ' ';
      continue;
    }
    char c = text[at];
    if (depth == 0 && ends.find(c) != std::string_view::npos)
      return result;
    depth += c == '{' || c == '(' || c == '[';
    depth -= c == '}' || c == ')' || c == ']';
    result += isspace(static_cast<unsigned char>(c)) ? ' ' : c;
    advance();
  }
  fail("the text ends in a statement");
}

std::vector<Variable> Parser::parameterList() {
  std::vector<Variable> result;
  expect('(');
  for (const std::string &parameter : splitOutsideBrackets(until(")"), ','))
    if (!parameter.empty())
      result.push_back(parseVariable(parameter, line));
  expect(')');
  return result;
}

Function Parser::function(bool isEntry) {
  Function result;
  result.isEntry = isEntry;
  skipBlanks();
  if (!isEntry && startsWith("("))
    result.results = parameterList();
  result.name = word();
  skipBlanks();
  if (startsWith("("))
    result.parameters = parameterList();
  for (;;) {
    skipBlanks();
    if (startsWith("{")) {
      ++at;
      body(result);
      return result;
    }
    if (startsWith(";")) {
      ++at;
      result.isDeclaration = true;
      return result;
    }
    if (atEnd())
      fail("function '" + result.name + "' without a body");
    std::string directive = word();
    if (directive == ".maxntid" || directive == ".reqntid") {
      uint32_t product = 1;
      for (const std::string &extent : splitOutsideBrackets(until(".{\n;"), ','))
        product *= static_cast<uint32_t>(std::max(1ul, strtoul(extent.c_str(), nullptr, 0)));
      (directive == ".maxntid" ? result.maxThreads : result.requiredThreads) = product;
    } else if (directive.starts_with('.')) {
      until(".{\n;");
    } else {
      fail("unexpected '" + std::string(text.substr(at, 20)) + "' after function '" + result.name + "'");
    }
  }
}

Statement Parser::instruction(const std::string &whole, unsigned where) const {
  Statement result;
  result.line = where;
  result.text = whole;
  std::string_view rest = whole;
  if (rest.starts_with('@')) {
    size_t space = rest.find_first_of(" \t");
    std::string_view guard = rest.substr(1, space - 1);
    result.guardIsNegated = guard.starts_with('!');
    result.guard = std::string(guard.substr(result.guardIsNegated));
    rest = space == std::string_view::npos ? std::string_view() : trimmed(rest.substr(space));
  }
  size_t space = rest.find_first_of(" \t");
  std::string_view opcode = rest.substr(0, space);
  for (size_t begin = 0; begin <= opcode.size();) {
    size_t end = std::min(opcode.find('.', begin), opcode.size());
    result.opcode.emplace_back(opcode.substr(begin, end - begin));
    begin = end + 1;
  }
  if (space != std::string_view::npos)
    result.operands = splitOutsideBrackets(trimmed(rest.substr(space)), ',');
  return result;
}

void Parser::body(Function &result) {
  auto mark = [&](Statement::Kind kind) {
    Statement statement;
    statement.kind = kind;
    statement.line = line;
    result.body.push_back(std::move(statement));
  };
  for (int depth = 1; depth > 0;) {
    skipBlanks();
    if (atEnd())
      fail("the body of '" + result.name + "' does not end");
    if (startsWith("{") || startsWith("}")) {
      bool opens = text[at++] == '{';
      depth += opens ? 1 : -1;
      if (depth > 0)
        mark(opens ? Statement::ScopeBegin : Statement::ScopeEnd);
      continue;
    }
    if (startsWith(".loc") || startsWith(".file")) { // no semicolon ends these
      skipLine();
      continue;
    }
    size_t begin = at;
    std::string name = word();
    skipBlanks();
    if (startsWith(":") && !startsWith("::") && name.find('.') == std::string::npos) {
      ++at;
      mark(Statement::Label);
      result.body.back().text = name;
      continue;
    }
    at = begin;
    unsigned where = line;
    std::string whole(trimmed(until(";")));
    expect(';');
    if (whole.empty())
      continue;
    if (whole.starts_with('.')) {
      mark(Statement::Declaration);
      result.body.back().text = whole;
      if (whole.starts_with(".pragma"))
        result.body.back().kind = Statement::Directive;
    } else {
      result.body.push_back(instruction(whole, where));
    }
  }
}

Source Parser::parse() {
  Source result;
  while (skipBlanks(), !atEnd()) {
    size_t begin = at;
    std::string directive = word();
    if (directive == ".version") {
      skipBlanks();
      // NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion): versions have few digits
      if (sscanf(std::string(text.substr(at, 16)).c_str(), "%u.%u", &result.versionMajor, &result.versionMinor) != 2)
        fail("'.version' needs MAJOR.MINOR");
      skipLine();
    } else if (directive == ".target") {
      skipBlanks();
      if (!startsWith("sm_"))
        fail("'.target' needs sm_NUMBER");
      char *end = nullptr;
      result.target = static_cast<unsigned>(strtoul(text.data() + at + 3, &end, 10));
      result.isArchitectureExact = *end == 'a';
      skipLine();
    } else if (directive == ".address_size" || directive == ".file") {
      skipLine();
    } else if (directive == ".section") {
      until("{");
      expect('{');
      until("}");
      expect('}');
    } else if (directive == ".visible" || directive == ".weak" || directive == ".extern") {
      size_t afterLinkage = at;
      std::string next = word();
      if (next == ".entry" || next == ".func") {
        result.functions.push_back(function(next == ".entry"));
        continue;
      }
      at = directive == ".extern" ? begin : afterLinkage;
      result.variables.push_back(parseVariable(until(";"), line));
      expect(';');
    } else if (directive == ".entry" || directive == ".func") {
      result.functions.push_back(function(directive == ".entry"));
    } else if (directive == ".shared" || directive == ".global" || directive == ".const") {
      at = begin;
      result.variables.push_back(parseVariable(until(";"), line));
      expect(';');
    } else {
      fail("unknown directive '" + (directive.empty() ? std::string(text.substr(at, 20)) : directive) + "'");
    }
  }
  if (result.versionMajor == 0 || result.target == 0)
    fail("no '.version' and '.target'");
  return result;
}

} // namespace

Source parseSource(const std::string &text) { return Parser(text).parse(); }

} // namespace fake_cuda
