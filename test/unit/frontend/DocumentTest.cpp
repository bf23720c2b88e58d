// SPDX-License-Identifier: Apache-2.0
#include "formats/json/Document.h"
#include "frontend/json/Reporter.h"
#include <gtest/gtest.h>

using namespace dlc::json;

namespace {

struct Read {
  std::optional<JsonValue> value;
  std::vector<std::string> problems; ///< "LINE:COLUMN: message"
};

Read read(llvm::StringRef text) {
  Read result;
  result.value = parseDocument(text, [&](Position position, const std::string &message) {
    result.problems.push_back(std::to_string(position.line) + ":" + std::to_string(position.column) + ": " + message);
  });
  return result;
}

std::string nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(DocumentTest, EveryKeyAndValueKnowsItsPosition) {
  Read result = read("{ \"a\": [1, -2.5e3,\n\t\"x\\\"y\"],\n  \"b\" : {\"c\":null, \"d\": true}}");
  ASSERT_TRUE(result.value);
  EXPECT_TRUE(result.problems.empty());
  auto positionOf = [](Position position) { return std::pair(position.line, position.column); };
  const JsonValue *a = result.value->find("a"), *b = result.value->find("b");
  ASSERT_TRUE(a && b);
  EXPECT_EQ(positionOf(result.value->members[0].position), std::pair(1u, 3u));
  EXPECT_EQ(positionOf(a->position), std::pair(1u, 8u));
  EXPECT_EQ(positionOf(a->elements[1].position), std::pair(1u, 12u));
  EXPECT_EQ(positionOf(a->elements[2].position), std::pair(2u, 2u));
  EXPECT_EQ(positionOf(result.value->members[1].position), std::pair(3u, 3u));
  EXPECT_EQ(positionOf(b->find("d")->position), std::pair(3u, 25u));
  EXPECT_EQ(a->elements[0].integer, 1);
  EXPECT_EQ(a->elements[1].number, -2500);
  EXPECT_EQ(a->elements[2].string, "x\"y");
  EXPECT_EQ(b->find("c")->kind, JsonValue::Kind::Null);
  EXPECT_TRUE(b->find("d")->boolean);
  EXPECT_EQ(b->find("e"), nullptr);
  EXPECT_EQ(a->find("a"), nullptr);
}

TEST(DocumentTest, NumbersKeepTheirKind) {
  Read result =
      read("[9223372036854775807, -9223372036854775808, 9223372036854775808, 1.0, 1e2, -0, 18446744073709551616]");
  ASSERT_TRUE(result.value);
  std::vector<JsonValue::Kind> kinds;
  for (const JsonValue &element : result.value->elements)
    kinds.push_back(element.kind);
  using Kind = JsonValue::Kind;
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::Integer, Kind::Integer, Kind::Number, Kind::Number, Kind::Number,
                                      Kind::Integer, Kind::Number}));
  EXPECT_EQ(result.value->elements[0].integer, INT64_MAX);
  EXPECT_EQ(result.value->elements[1].integer, INT64_MIN);
  EXPECT_EQ(result.value->elements[2].number, 9223372036854775808.0);
  EXPECT_FALSE(read("[1e999]").value);
}

TEST(DocumentTest, DescribesWhatWasFound) {
  Read result = read("[16, 1.0, 0.25, \"same\", [], [1], {}, null, false]");
  std::vector<std::string> texts;
  for (const JsonValue &element : result.value->elements)
    texts.push_back(element.describe());
  EXPECT_EQ(texts, (std::vector<std::string>{"16", "1.0", "0.25", "\"same\"", "an empty list", "a list", "an object",
                                             "null", "false"}));
}

TEST(DocumentTest, SaysWhereTheTextIsNotJson) {
  for (const char *text :
       {"", " ", "{", "[1,]", "{\"a\" 1}", "{'a': 1}", "[01]", "[1] x", "\"\xff\"", "[\"a\nb\"]", "nul"}) {
    Read result = read(text);
    EXPECT_FALSE(result.value) << text;
    EXPECT_EQ(result.problems.size(), 1u) << text;
  }
  EXPECT_EQ(read("[1,\n  }").problems[0].substr(0, 4), "2:3:");
}

TEST(DocumentTest, AKeyGivenTwiceIsReportedAndReadOn) {
  Read result = read("{\"a\": 1,\n \"a\": 2, \"b\": 3}");
  ASSERT_TRUE(result.value);
  EXPECT_EQ(result.problems, std::vector<std::string>{"2:2: key 'a' is given twice"});
  EXPECT_EQ(result.value->find("b")->integer, 3);
}

TEST(DocumentTest, DepthIsLimited) {
  EXPECT_TRUE(read(nested(64)).value);
  Read result = read(nested(65));
  EXPECT_FALSE(result.value);
  EXPECT_EQ(result.problems, std::vector<std::string>{"1:65: nested deeper than 64 levels"});
  EXPECT_FALSE(read(std::string(1'000'000, '[')).value);
}

TEST(DocumentTest, AByteOrderMarkIsSkipped) {
  Read result = read("\xEF\xBB\xBF[7]");
  ASSERT_TRUE(result.value);
  EXPECT_EQ(result.value->elements[0].integer, 7);
}

TEST(DocumentTest, SuggestsCloseNames) {
  std::vector<llvm::StringRef> known = {"filters", "kernel", "padding"};
  EXPECT_EQ(suggest("filtres", known), "; did you mean 'filters'?");
  EXPECT_EQ(suggest("Kernel_Size", known), "; did you mean 'kernel'?");
  EXPECT_EQ(suggest("paddign", known), "; did you mean 'padding'?");
  EXPECT_EQ(suggest("units", known), "");
  EXPECT_EQ(suggest("", known), "");
  EXPECT_EQ(suggest("filters", {}), "");
}

} // namespace
