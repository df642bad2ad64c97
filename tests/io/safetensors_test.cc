// safetensors: what is written is what the format says, and no class of broken file gets past the checks.
#include <conv1d/conv1d.h>

#include "io/files.h"

namespace conv1d::testing {
namespace {

using io::load_safetensors;
using io::save_safetensors;

class Safetensors : public FilesTest {
 protected:
  /// The text of the ValueError that loading the file raises; it begins with the file's name.
  std::string refusal(const std::string& bytes) const {
    const std::string name = write(bytes);
    const std::string text = thrown<ValueError>([&] { load_safetensors(name); });
    EXPECT_TRUE(text.starts_with(name + ": ")) << text;
    return text.starts_with(name + ": ") ? text.substr(name.size() + 2) : text;
  }
  std::string refused_header(const std::string& header, std::size_t data_bytes = 16) const {
    return refusal(safetensors(header, data_bytes));
  }
};

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

TEST_F(Safetensors, WritesTheFormat) {
  save_safetensors({{"b", tensor<std::uint8_t>({7}, Shape{1})}, {"a", tensor<float>({1, 2}, Shape{1, 2})}}, path(),
                   {{"format", "pt"}});
  const std::string bytes = read();
  std::string header = R"({"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},)"
                       R"("a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(bytes, raw(std::uint64_t{header.size()}) + header + raw(1.0F) + raw(2.0F) + "\7");
  EXPECT_EQ(io::load_safetensors_metadata(path()), (io::Metadata{{"format", "pt"}}));
  EXPECT_EQ(files(), 1U) << "only the file itself is left";
}

TEST_F(Safetensors, KeepsEveryTypeAndLayout) {
  manual_seed(1);
  io::NamedTensors tensors;
  for (const DType dtype : {bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64}) {
    tensors.emplace_back(std::string(name(dtype)), randint(0, 2, {3, 2, 5}).to(dtype));
  }
  tensors.emplace_back("scalar", tensor<double>({2.5}, Shape{}));
  tensors.emplace_back("empty", empty({0, 7}));
  tensors.emplace_back("turned", randn({3, 4}).t());
  tensors.emplace_back("repeated", randn({1, 4}).expand({3, 4}));
  tensors.emplace_back("every second", randn({9}).slice(0, 1, {}, 2));
  tensors.emplace_back("\xc3\xa9 \"\\\n\x01", ones({1}));
  tensors.emplace_back("", ones({2}));
  tensors.emplace_back("learned", randn({2}).requires_grad_());
  save_safetensors(tensors, path());
  const io::NamedTensors loaded = load_safetensors(path());
  ASSERT_EQ(loaded.size(), tensors.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    EXPECT_EQ(loaded[i].first, tensors[i].first);
    EXPECT_EQ(loaded[i].second.dtype(), tensors[i].second.dtype());
    EXPECT_TRUE(equal(loaded[i].second, tensors[i].second.detach())) << loaded[i].first;
    EXPECT_TRUE(loaded[i].second.is_contiguous());
    EXPECT_FALSE(loaded[i].second.requires_grad());
  }
  EXPECT_TRUE(io::load_safetensors_metadata(path()).empty());
}

TEST_F(Safetensors, LoadsIntoLayers) {
  nn::Sequential saved(nn::Conv1d(2, 3, 5), nn::ConvTranspose1d(3, 2, 4, {.stride = 2}));
  nn::Sequential loaded(nn::Conv1d(2, 3, 5), nn::ConvTranspose1d(3, 2, 4, {.stride = 2}));
  save_safetensors(saved.state_dict(), path());
  loaded.load_state_dict(load_safetensors(path()));
  const Tensor x = randn({1, 2, 20});
  EXPECT_TRUE(equal(saved(x), loaded(x)));
}

TEST_F(Safetensors, OfNothing) {
  save_safetensors({}, path());
  EXPECT_TRUE(load_safetensors(path()).empty());
}

TEST_F(Safetensors, RefusesFilesThatAreTooShort) {
  EXPECT_TRUE(has(refusal(""), "too short"));
  EXPECT_TRUE(has(refusal(std::string(7, '\0')), "too short"));
  EXPECT_TRUE(has(refusal(raw(std::uint64_t{3}) + "{}"), "3 bytes, more than the file"));
  EXPECT_TRUE(has(refusal(raw(std::uint64_t{0})), "does not begin with '{'"));
}

TEST_F(Safetensors, RefusesLongHeaders) {
  EXPECT_TRUE(has(refusal(raw(std::uint64_t{100'000'001}) + "{}"), "at most 100000000"));
  EXPECT_TRUE(has(refusal(raw(std::uint64_t{1} << 63) + "{}"), "at most 100000000"));
  EXPECT_TRUE(has(refusal(raw(~std::uint64_t{0}) + "{}"), "at most 100000000"));
}

TEST_F(Safetensors, RefusesWhatIsNoJson) {
  for (const char* header :
       {"{\"a\": {\"dtype\": \"F32\"", "{,}", "{} x", "{\"a\":}", "{\"a\" 1}", "{'a':1}", "{\"a\":{}}}"}) {
    EXPECT_TRUE(has(refused_header(header), "header")) << header;
  }
  EXPECT_TRUE(has(refused_header("{\"\xff\":1}"), "not valid JSON in UTF-8"));
  EXPECT_TRUE(has(refused_header("\xff\xfe{}"), "does not begin with '{'"));
  EXPECT_TRUE(has(refused_header("\xef\xbb\xbf{}"), "does not begin with '{'"));
  for (const char* header : {"null", "[]", "1", " {}"}) {
    EXPECT_TRUE(has(refused_header(header), "does not begin with '{'")) << header;
  }
}

TEST_F(Safetensors, RefusesDeepNesting) {
  std::string lists(100'000, '['), objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  refused_header(lists);
  refused_header(objects);
  refused_header("{\"a\":" + lists);
  refused_header("{\"a\":{\"more\":" + lists);
  EXPECT_TRUE(has(refused_header("{\"a\":{\"more\":" + objects), "nested too deeply"));
  refused_header("{\"a\":{\"shape\":" + lists);
}

TEST_F(Safetensors, RefusesEntriesOfAnotherForm) {
  for (const char* value : {"1", "null", "\"F32\"", "[1]", "true", "-1", "1.5", "{}"}) {
    EXPECT_TRUE(has(refused_header(std::string("{\"a\":") + value + "}"), "entry 'a'")) << value;
  }
  EXPECT_TRUE(has(refused_header(R"({"a":{"dtype":"F32","shape":[4]}})"), "'data_offsets' is missing"));
  EXPECT_TRUE(has(refused_header(R"({"a":{"dtype":"F32","data_offsets":[0,16]}})"), "'shape' is missing"));
  EXPECT_TRUE(has(refused_header(R"({"a":{"shape":[4],"data_offsets":[0,16]}})"), "'dtype' is missing"));
  for (const char* shape : {"4", "[-4]", "[4.0]", "[\"4\"]", "[null]", "[[4]]", "[{}]", "{}", "null", "[1e30]",
                            "[18446744073709551616]", "[1e999]"}) {
    refused_header("{\"a\":" + entry("F32", shape, "[0,16]") + "}");
  }
  for (const char* offsets : {"16", "[16]", "[0,8,16]", "[]", "[-1,15]", "[0,\"16\"]", "{\"0\":16}"}) {
    refused_header("{\"a\":" + entry("F32", "[4]", offsets) + "}");
  }
  std::string ones = "[4";
  for (int i = 0; i < 64; ++i) ones += ",1";
  EXPECT_TRUE(has(refused_header("{\"a\":" + entry("F32", ones + "]", "[0,16]") + "}"), "more than 64"));
  EXPECT_TRUE(has(refused_header(R"({"__metadata__":{"a":1}})", 0), "entry '__metadata__'"));
  EXPECT_TRUE(has(refused_header(R"({"__metadata__":["a"]})", 0), "entry '__metadata__'"));
}

TEST_F(Safetensors, PassesOverWhatLaterVersionsMaySay) {
  const std::string header = R"({"a":{"more":{"x":[1,{"y":null}],"z":"t"},"dtype":"F32","note":-1.5,"shape":[2],)"
                             R"("data_offsets":[0,8],"flag":true}})";
  write(safetensors(header, 8));
  EXPECT_EQ(load_safetensors(path()).at(0).second.sizes(), Shape{2});
}

TEST_F(Safetensors, RefusesNamesThatOccurTwice) {
  const std::string one = entry("F32", "[2]", "[0,8]"), two = entry("F32", "[2]", "[8,16]");
  EXPECT_TRUE(has(refused_header("{\"a\":" + one + ",\"a\":" + two + "}"), "occurs twice"));
  EXPECT_TRUE(has(refused_header("{\"a\":" + one + ",\"\\u0061\":" + two + "}"), "occurs twice"));
  EXPECT_TRUE(has(refused_header(R"({"__metadata__":{},"__metadata__":{}})"), "occurs twice"));
  EXPECT_TRUE(has(refused_header(R"({"a":{"dtype":"F32","dtype":"F64","shape":[2],"data_offsets":[0,16]}})"),
                  "'dtype' occurs twice"));
}

TEST_F(Safetensors, RefusesUnknownTypes) {
  for (const char* dtype : {"Q9", "", "f32", "C64", "F8_E4M3", "U16"}) {
    EXPECT_TRUE(has(refused_header("{\"a\":" + entry(dtype, "[4]", "[0,16]") + "}"), "is of type")) << dtype;
  }
}

TEST_F(Safetensors, RefusesSizesThatDoNotFitTheOffsets) {
  const auto one = [&](const char* dtype, const char* shape, const char* offsets) {
    return refused_header("{\"a\":" + entry(dtype, shape, offsets) + "}");
  };
  EXPECT_TRUE(has(one("F64", "[4]", "[0,16]"), "of 32 bytes is said to lie at 0 to 16"));
  EXPECT_TRUE(has(one("F32", "[3]", "[0,16]"), "of 12 bytes"));
  EXPECT_TRUE(has(one("F32", "[4]", "[16,0]"), "at 16 to 0"));
  EXPECT_TRUE(has(one("F32", "[]", "[0,16]"), "of 4 bytes"));
  EXPECT_TRUE(has(one("F32", "[0]", "[0,16]"), "of 0 bytes"));
  // Products that wrap around to 16 and to 0 bytes.
  EXPECT_TRUE(has(one("F32", "[4194305,4194305,211106198978564]", "[0,16]"), "larger than any memory"));
  EXPECT_TRUE(has(one("F32", "[4294967296,4294967296]", "[0,0]"), "larger than any memory"));
  EXPECT_TRUE(has(one("F32", "[9223372036854775808]", "[0,16]"), "larger than any memory"));
  EXPECT_TRUE(has(one("F32", "[0,4611686018427387904,4611686018427387904]", "[0,0]"), "larger than any memory"));
  EXPECT_TRUE(has(one("F32", "[4]", "[18446744073709551600,18446744073709551615]"), "is said to lie"));
}

TEST_F(Safetensors, RefusesHolesOverlapsAndRests) {
  const auto two = [&](const char* a, const char* b, std::size_t bytes) {
    return refused_header("{\"a\":" + entry("F32", "[2]", a) + ",\"b\":" + entry("F32", "[2]", b) + "}", bytes);
  };
  EXPECT_TRUE(has(two("[0,8]", "[4,12]", 16), "another one lies"));
  EXPECT_TRUE(has(two("[0,8]", "[0,8]", 8), "another one lies"));
  EXPECT_TRUE(has(two("[0,8]", "[12,20]", 20), "a gap would be"));
  EXPECT_TRUE(has(two("[8,16]", "[16,24]", 24), "a gap would be"));
  EXPECT_TRUE(has(two("[0,8]", "[8,16]", 17), "describes 16 bytes of data, the file has 17"));
  EXPECT_TRUE(has(two("[0,8]", "[8,16]", 15), "describes 16 bytes of data, the file has 15"));
  EXPECT_TRUE(has(refused_header("{}", 1), "describes 0 bytes"));
  const std::string hidden = "{\"a\":" + entry("F32", "[4]", "[0,16]") + ",\"e\":" + entry("F32", "[0]", "[4,4]") + "}";
  EXPECT_TRUE(has(refused_header(hidden), "another one lies"));
}

TEST_F(Safetensors, RefusesBoolsThatAreNone) {
  write(safetensors("{\"a\":" + entry("BOOL", "[2]", "[0,2]") + "}") + "\1\2");
  EXPECT_TRUE(has(thrown<ValueError>([&] { load_safetensors(path()); }), "neither 0 nor 1"));
}

TEST_F(Safetensors, RefusesToSaveWhatTheFormatHasNot) {
  write("the old file");
  const auto refused = [&](const io::NamedTensors& tensors, const io::Metadata& metadata = {}) {
    return thrown<ValueError>([&] { save_safetensors(tensors, path(), metadata); });
  };
  EXPECT_TRUE(has(refused({{"z", zeros({2}, {.dtype = complex64})}}), "tensor 'z' is complex64"));
  EXPECT_TRUE(has(refused({{"a", ones({1})}, {"a", ones({1})}}), "two tensors are named 'a'"));
  EXPECT_TRUE(has(refused({{"__metadata__", ones({1})}}), "cannot be named"));
  EXPECT_TRUE(has(refused({{"\xff", ones({1})}}), "not UTF-8"));
  EXPECT_TRUE(has(refused({}, {{"a", "\xc3"}}), "not UTF-8"));
  EXPECT_TRUE(has(refused({{"a", Tensor()}}), "undefined"));
  const io::NamedTensors meta{{"m", zeros({2}, {.device = "meta"})}};
  EXPECT_TRUE(has(thrown<NotImplementedError>([&] { save_safetensors(meta, path()); }), "device meta"));
  EXPECT_EQ(read(), "the old file");
  EXPECT_EQ(files(), 1U);
}

TEST_F(Safetensors, FilesThatCannotBeReadOrWritten) {
  const auto text = [&](const std::string& name) { return thrown<RuntimeError>([&] { load_safetensors(name); }); };
  EXPECT_TRUE(has(text(path("none")), path("none") + ": cannot be read: "));
  EXPECT_TRUE(has(text(folder_.string()), "not a regular file"));
  EXPECT_TRUE(has(text("/dev/zero"), "not a regular file"));
  EXPECT_TRUE(has(text(""), "empty"));
  EXPECT_TRUE(has(text(std::string("a\0b", 3)), "null character"));
  const auto saved = [&](const std::string& name) {
    return thrown<RuntimeError>([&] { save_safetensors({{"a", ones({1})}}, name); });
  };
  EXPECT_TRUE(has(saved(path("none") + "/file"), "cannot be written"));
  EXPECT_TRUE(has(saved(folder_.string()), "not a regular file"));
  EXPECT_TRUE(has(saved("/dev/null"), "not a regular file"));
  EXPECT_EQ(files(), 0U);
}

TEST_F(Safetensors, SavingReplacesInOneStep) {
  namespace fs = std::filesystem;
  save_safetensors({{"a", ones({1})}}, path("real"));
  fs::permissions(path("real"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real", path("link"));
  std::ifstream old(path("real"), std::ios::binary);  // whoever has the old file open keeps it
  save_safetensors({{"a", zeros({100})}}, path("link"));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(load_safetensors(path("real")).at(0).second.numel(), 100);
  EXPECT_EQ(fs::status(path("real")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const std::string before(std::istreambuf_iterator<char>(old), {});
  EXPECT_TRUE(before.ends_with(raw(1.0F)));
  EXPECT_EQ(files(), 2U);
}

TEST_F(Safetensors, SavingFollowsLinksThatLeadNowhereYet) {
  namespace fs = std::filesystem;
  fs::create_symlink("second", path("first"));
  fs::create_symlink("new", path("second"));
  save_safetensors({{"a", ones({1})}}, path("first"));
  EXPECT_TRUE(fs::is_symlink(path("first")) && fs::is_symlink(path("second")) && fs::is_regular_file(path("new")));
  fs::create_symlink("itself", path("itself"));
  EXPECT_THROW(save_safetensors({{"a", ones({1})}}, path("itself")), RuntimeError);
  EXPECT_TRUE(fs::is_symlink(path("itself")));
}

TEST_F(Safetensors, NamesMayBeAsLongAsTheSystemAllows) {
  const std::string longest(255, 'x');
  save_safetensors({{"a", ones({1})}}, path(longest));
  EXPECT_EQ(load_safetensors(path(longest)).size(), 1U);
}

TEST_F(Safetensors, RefusesTextBehindANull) {
  const std::string hidden = std::string("{}") + '\0' + "hidden";
  EXPECT_EQ(refused_header(hidden, 0), "the header has a null character in it");
}

}  // namespace
}  // namespace conv1d::testing
