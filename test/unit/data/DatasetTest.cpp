// SPDX-License-Identifier: Apache-2.0
// Tables, IDX files and arrays as rows of a model's inputs and labels.
#include "data/Dataset.h"
#include "data/IdxFile.h"
#include "data/JpegTables.h"
#include "test/unit/ScratchFolder.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace dlc::data;

namespace {

bool contains(const std::string &text, const std::string &part) { return text.find(part) != std::string::npos; }

std::vector<double> rowOf(const Array &array, size_t row) {
  std::vector<double> values;
  size_t width = array.count() / static_cast<size_t>(array.shape()[0]);
  for (size_t i = 0; i < width; ++i)
    values.push_back(array.at(row * width + i));
  return values;
}

TEST(CsvFileTest, ReadsNamesNumbersAndQuotes) {
  ScratchFolder folder;
  std::string path =
      folder.write("a.csv", "\xef\xbb\xbf"
                            "x,\"a, b\",kind\r\n1, -2.5e1 ,\"one \"\"1\"\"\"\r\n\r\n+3,4,\"two\nlines\"\r\n5,6,last");
  CsvTable table = readCsv(path, {});
  EXPECT_EQ(table.columns, (std::vector<std::string>{"x", "a, b"}));
  EXPECT_EQ(table.features.shape(), (std::vector<dlc_int64>{3, 2}));
  EXPECT_EQ(rowOf(table.features, 0), (std::vector<double>{1, -25}));
  EXPECT_EQ(rowOf(table.features, 1), (std::vector<double>{3, 4}));
  EXPECT_EQ(table.labels, (std::vector<std::string>{"one \"1\"", "two\nlines", "last"}));
  EXPECT_EQ(table.lines, (std::vector<size_t>{2, 4, 6}));
}

TEST(CsvFileTest, PicksColumns) {
  ScratchFolder folder;
  std::string path = folder.write("a.csv", "id;k;x;y\n7;0;1;2\n");
  CsvOptions options;
  options.delimiter = ';';
  options.label = "k";
  options.ignored = {"id"};
  CsvTable table = readCsv(path, options);
  EXPECT_EQ(table.columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(table.labels, (std::vector<std::string>{"0"}));
  options.hasLabel = false;
  EXPECT_EQ(readCsv(path, options).columns.size(), 3u);
  options.ignored = {"idd"};
  EXPECT_TRUE(contains(failureOf([&] { readCsv(path, options); }), "has no column 'idd'; did you mean 'id'?"));
}

TEST(CsvFileTest, CountsLinesOfAllKinds) {
  ScratchFolder folder;
  std::string path = folder.write("a.csv", "x,k\r1,a\r\n2,\"b\rb\"\n\r\r\n3,c\r4,d");
  CsvTable table = readCsv(path, {});
  EXPECT_EQ(table.labels, (std::vector<std::string>{"a", "b\rb", "c", "d"}));
  EXPECT_EQ(table.lines, (std::vector<size_t>{2, 3, 7, 8}));
}

TEST(CsvFileTest, TellsNamesFromNumbers) {
  ScratchFolder folder;
  CsvTable years = readCsv(folder.write("a.csv", "id,2019,2020,k\n1,2.5,1e-999,0\n"), {});
  EXPECT_EQ(years.columns, (std::vector<std::string>{"id", "2019", "2020"}));
  EXPECT_EQ(rowOf(years.features, 0), (std::vector<double>{1, 2.5, 0}));
  ASSERT_EQ(years.remarks.size(), 1u);
  EXPECT_TRUE(contains(years.remarks[0], "a.csv:1: treated as names of columns, because 'id' is not a number"));
  EXPECT_TRUE(
      contains(failureOf([&] { readCsv(folder.write("b.csv", "1,x,-2,0\n1,2,3,0\n"), {}); }),
               "b.csv:1: the first row holds either names of columns or numbers, and this one has 'x' and '-2'"));
  CsvOptions options;
  options.ignored = {"1"};
  EXPECT_EQ(readCsv(folder.write("c.csv", "x,2.5,0\ny,3,1\n"), options).lines.size(), 2u);
}

TEST(CsvFileTest, TakesFilesWithoutNames) {
  ScratchFolder folder;
  std::string path = folder.write("a.csv", "1,2,cat\n3,4,dog\n");
  CsvOptions options;
  EXPECT_EQ(readCsv(path, options).lines, (std::vector<size_t>{1, 2}));
  path = folder.write("b.csv", "cat,1,2\n");
  options.label = "1";
  EXPECT_EQ(readCsv(path, options).columns, (std::vector<std::string>{"2", "3"}));
}

/// A JPEG file that ends after a segment of Huffman tables.
std::string withTables(const std::string &tables) {
  size_t length = tables.size() + 2;
  return std::string("\xff\xd8\xff\xe0\0\4\xff\xc4\xff\xc4", 10) + static_cast<char>(length >> 8) +
         static_cast<char>(length) + tables;
}

/// A table of `codes` codes of 16 bits.
std::string tableOf(size_t codes) {
  std::string counts(16, '\0');
  counts[14] = static_cast<char>(codes / 2), counts[15] = static_cast<char>(codes - codes / 2);
  return '\1' + counts + std::string(codes, 'x');
}

TEST(JpegTablesTest, FindsTablesBeyondTheirMemory) {
  EXPECT_FALSE(hasOversizedHuffmanTable(withTables(tableOf(256))));
  EXPECT_TRUE(hasOversizedHuffmanTable(withTables(tableOf(257))));
  EXPECT_FALSE(hasOversizedHuffmanTable(withTables(tableOf(0) + tableOf(12) + tableOf(256))));
  EXPECT_TRUE(hasOversizedHuffmanTable(withTables(tableOf(0) + tableOf(12) + tableOf(400))));
  EXPECT_TRUE(hasOversizedHuffmanTable(withTables(tableOf(3)) + "coded \xff" + withTables(tableOf(300)).substr(8)));
  EXPECT_TRUE(hasOversizedHuffmanTable("\xff\xff" + withTables(tableOf(257))));
  std::string whole = withTables(tableOf(3) + tableOf(300));
  for (size_t bytes = 0; bytes < 50; ++bytes)
    hasOversizedHuffmanTable(std::string(whole.data(), bytes));
  EXPECT_FALSE(hasOversizedHuffmanTable(""));
  EXPECT_FALSE(hasOversizedHuffmanTable("GIF"));
}

TEST(IdxFileTest, ReadsBigEndian) {
  ScratchFolder folder;
  std::string path = folder.write("a", std::string("\0\0\x0b\x02\0\0\0\x02\0\0\0\x01\x01\x02\xff\xff", 16));
  ASSERT_TRUE(isIdx(path));
  Array array = readIdx(path);
  EXPECT_EQ(array.elementType(), static_cast<dlc_uint32>(DLC_I16));
  EXPECT_EQ(rowOf(array, 0), (std::vector<double>{258}));
  EXPECT_EQ(rowOf(array, 1), (std::vector<double>{-1}));
}

TEST(IdxFileTest, RefusesBrokenFiles) {
  ScratchFolder folder;
  std::string whole("\0\0\x08\x01\0\0\0\x03\x01\x02\x03", 11);
  for (size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_TRUE(contains(failureOf([&] { readIdx(folder.write("a", whole.substr(0, bytes))); }), "truncated")) << bytes;
  EXPECT_TRUE(contains(failureOf([&] { readIdx(folder.write("a", whole + "x")); }), "longer than its shape"));
  EXPECT_TRUE(contains(failureOf([&] { readIdx(folder.write("a", "text")); }), "is not an IDX file"));
  // No memory is allocated for what a file merely claims: here 2^40 bytes, and more than 2^64.
  std::string huge("\0\0\x08\x03\0\x01\0\0\0\x01\0\0\0\0\x01\0\x01", 17);
  EXPECT_TRUE(contains(failureOf([&] { readIdx(folder.write("a", huge)); }), "truncated"));
  huge.replace(4, 12, 12, '\xff');
  EXPECT_TRUE(contains(failureOf([&] { readIdx(folder.write("a", huge)); }), "truncated"));
  EXPECT_FALSE(isIdx(folder.write("a", "text")));
}

/// An array of f64 numbers.
Array numbers(std::vector<dlc_int64> shape, std::vector<double> values) {
  Array array(DLC_F64, std::move(shape));
  std::memcpy(array.data(), values.data(), values.size() * sizeof(double));
  return array;
}

std::vector<float> readReal(const Column &column, const Target &target, size_t row) {
  std::vector<float> values(target.count());
  column.read(row, reinterpret_cast<unsigned char *>(values.data()));
  return values;
}

TEST(ArrayColumnTest, ConvertsAndScales) {
  Target target;
  target.name = "x";
  target.shape = {1, 2};
  target.scale = 0.5;
  ArrayColumn column(numbers({2, 2}, {1, 2, 3, 4}), target, "x.npy");
  EXPECT_EQ(readReal(column, target, 1), (std::vector<float>{1.5, 2}));
  EXPECT_EQ(column.describeRow(1), "x.npy, row 1");
}

TEST(ArrayColumnTest, TakesOpenExtentsFromTheData) {
  Target target;
  target.shape = {-1, 2};
  ArrayColumn column(numbers({1, 3, 2}, {0, 1, 2, 3, 4, 5}), target, "x.npy");
  EXPECT_EQ(target.shape, (std::vector<dlc_int64>{3, 2}));
}

TEST(ArrayColumnTest, SpreadsClasses) {
  Target target;
  target.isLabel = true;
  target.shape = {3};
  ArrayColumn column(numbers({2}, {2, 0}), target, "y.npy");
  EXPECT_TRUE(target.isClass);
  EXPECT_EQ(readReal(column, target, 0), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(failureOf([&] { ArrayColumn(numbers({2}, {0, 3}), target, "y.npy"); }),
            "y.npy, row 1: label 3 is out of range: '' takes 0 to 2");
}

TEST(ArrayColumnTest, KnowsClassesFromNumbers) {
  Target target;
  target.isLabel = true;
  ArrayColumn fractions(numbers({2}, {0, 0.5}), target, "y.npy");
  EXPECT_FALSE(target.isClass);
  ArrayColumn classes(numbers({2, 1}, {0, 1}), target, "y.npy");
  EXPECT_TRUE(target.isClass);
}

TEST(ArrayColumnTest, ChecksIntegers) {
  Target target;
  target.name = "y";
  target.type = DLC_U8;
  EXPECT_TRUE(contains(failureOf([&] { ArrayColumn(numbers({2}, {0, 0.5}), target, "y.npy"); }),
                       "row 1: 0.5 is not an integer"));
  EXPECT_TRUE(contains(failureOf([&] { ArrayColumn(numbers({2}, {0, 256}), target, "y.npy"); }), "256 does not fit"));
  EXPECT_EQ(failureOf([&] { ArrayColumn(numbers({2}, {0, 255}), target, "y.npy"); }), "");
  EXPECT_TRUE(contains(failureOf([&] { ArrayColumn(numbers({}, {0}), target, "y.npy"); }), "holds one number"));
}

TEST(DatasetTest, NumbersClassesByName) {
  ScratchFolder folder;
  DataOptions options;
  std::vector<Target> targets(2);
  targets[0].name = "x";
  targets[0].shape = {1};
  targets[1].name = "y";
  targets[1].shape = {2};
  targets[1].isLabel = true;
  DataDescription description;
  options.sources = {folder.write("a.csv", "x,k\n1,dog\n2,cat\n")};
  Dataset data = readDataset(options, targets, description);
  EXPECT_EQ(description.classNames, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(readReal(*data.columns[1], targets[1], 0), (std::vector<float>{0, 1}));
  EXPECT_EQ(data.describeRow(1, targets), options.sources[0] + ":3");
  // Validation data has the same classes, whichever occur in it.
  options.sources = {folder.write("b.csv", "x,k\n1,dog\n")};
  data = readDataset(options, targets, description, DataRole::Validation);
  EXPECT_EQ(readReal(*data.columns[1], targets[1], 0), (std::vector<float>{0, 1}));
  options.sources = {folder.write("b.csv", "x,k\n1,cow\n")};
  EXPECT_TRUE(contains(failureOf([&] { readDataset(options, targets, description, DataRole::Validation); }),
                       "b.csv:2: class 'cow' is not one of those"));
}

/// A model that takes `features` numbers and one label.
std::vector<Target> targetsOf(dlc_int64 features) {
  std::vector<Target> targets(2);
  targets[0].name = "x";
  targets[0].shape = {features};
  targets[1].name = "y";
  targets[1].shape = {1};
  targets[1].isLabel = true;
  return targets;
}

TEST(DatasetTest, ReadsOtherTablesAsTheOneThatWasLearnedFrom) {
  ScratchFolder folder;
  DataOptions options;
  DataDescription learned;
  std::vector<Target> targets = targetsOf(4);
  options.csv.oneHot = {"color"};
  options.csv.imputation = CsvOptions::Imputation::Mean;
  options.csv.label = "price";
  options.sources = {folder.write("a.csv", "age,price,color,size\n1,10,red,\nNA,20,blue,4\n5,30,,2\n")};
  Dataset data = readDataset(options, targets, learned);
  EXPECT_EQ(learned.inputs[0].table.features(), (std::vector<std::string>{"age", "color=blue", "color=red", "size"}));
  EXPECT_EQ(readReal(*data.columns[0], targets[0], 0), (std::vector<float>{1, 0, 1, 3}));
  EXPECT_EQ(readReal(*data.columns[0], targets[0], 1), (std::vector<float>{3, 1, 0, 4}));
  EXPECT_EQ(readReal(*data.columns[0], targets[0], 2), (std::vector<float>{5, 0, 0, 2}));
  EXPECT_EQ(learned.label->column, "price");

  // What is found survives its text. Columns are found by name, in any order; others, the label too, may be there.
  DataDescription description = DataDescription::fromText(learned.toText(), "a");
  EXPECT_EQ(description.toText(), learned.toText());
  DataOptions plain;
  plain.sources = {folder.write("b.csv", "size,id,color,age\n7,x,blue,?\n")};
  std::vector<Target> inputs = {targets[0]};
  data = readDataset(plain, inputs, description, DataRole::Prediction);
  EXPECT_EQ(readReal(*data.columns[0], inputs[0], 0), (std::vector<float>{3, 1, 0, 7}));
  plain.sources = {folder.write("c.csv", "price,size,color,age\n30,7,blue,1\n")};
  data = readDataset(plain, targets, description, DataRole::Validation);
  EXPECT_EQ(readReal(*data.columns[1], targets[1], 0), (std::vector<float>{30}));

  auto refusal = [&](const std::string &text) {
    plain.sources = {folder.write("d.csv", text)};
    return failureOf([&] { readDataset(plain, inputs, description, DataRole::Prediction); });
  };
  EXPECT_TRUE(contains(refusal("size,colour,age\n7,blue,1\n"),
                       "has no column 'color', which the model has learned from; did you mean 'colour'?"));
  EXPECT_TRUE(
      contains(refusal("size,color,age\n7,bleu,1\n"),
               "d.csv:2: 'bleu' in column 'color' is not one of the categories that the model has learned; did you "
               "mean 'blue'?"));
  EXPECT_TRUE(contains(refusal("size,color,age\nx,blue,1\n"), "d.csv:2: 'x' in column 'size' is not a number"));
}

TEST(DatasetTest, TakesColumnsWithoutNamesInOrder) {
  ScratchFolder folder;
  DataOptions options;
  DataDescription description;
  std::vector<Target> targets = targetsOf(2);
  options.csv.label = "1";
  options.sources = {folder.write("a.csv", "9,1,2\n8,3,4\n")};
  readDataset(options, targets, description);
  std::vector<Target> inputs = {targets[0]};
  DataOptions plain;
  for (const char *text : {"5,6\n", "a,b\n5,6\n"}) {
    plain.sources = {folder.write("b.csv", text)};
    Dataset data = readDataset(plain, inputs, description, DataRole::Prediction);
    EXPECT_EQ(readReal(*data.columns[0], inputs[0], 0), (std::vector<float>{5, 6})) << text;
  }
  plain.sources = {folder.write("b.csv", "1,2,3,4\n")};
  Dataset data = readDataset(plain, inputs, description, DataRole::Prediction);
  EXPECT_EQ(readReal(*data.columns[0], inputs[0], 0), (std::vector<float>{2, 3}));
  plain.sources = {folder.write("b.csv", "1\n")};
  EXPECT_TRUE(contains(failureOf([&] { readDataset(plain, inputs, description, DataRole::Prediction); }),
                       "has 1 columns of features, and the model has learned from 2"));
}

TEST(CsvFileTest, Imputes) {
  ScratchFolder folder;
  std::string path = folder.write("a.csv", "x,y,k\n1,1e308,0\n,1.5e308,0\n4,NaN,0\n10,null,0\n");
  CsvOptions options;
  EXPECT_TRUE(contains(failureOf([&] { readCsv(path, options); }),
                       "a.csv:3: the field in column 'x' is empty: --impute fills in what is missing, --ignore-column "
                       "leaves the column out"));
  options.imputation = CsvOptions::Imputation::Mean;
  EXPECT_EQ(rowOf(readCsv(path, options).features, 1), (std::vector<double>{5, 1.5e308}));
  EXPECT_EQ(rowOf(readCsv(path, options).features, 2), (std::vector<double>{4, 1.25e308}));
  options.imputation = CsvOptions::Imputation::Median;
  EXPECT_EQ(rowOf(readCsv(path, options).features, 1), (std::vector<double>{4, 1.5e308}));
  EXPECT_EQ(rowOf(readCsv(path, options).features, 3), (std::vector<double>{10, 1.25e308}));
  options.imputation = CsvOptions::Imputation::Zero;
  EXPECT_EQ(rowOf(readCsv(path, options).features, 1), (std::vector<double>{0, 1.5e308}));
  options.imputation = CsvOptions::Imputation::Mean;
  EXPECT_TRUE(contains(failureOf([&] { readCsv(folder.write("b.csv", "x,y,k\n1,,0\n"), options); }),
                       "column 'y' holds no number"));
  EXPECT_TRUE(contains(failureOf([&] { readCsv(folder.write("c.csv", "x,y,k\n1,a,0\n"), options); }),
                       "'a' in column 'y' is not a number: --one-hot makes a number of each category"));
}

} // namespace
