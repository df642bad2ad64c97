// NumPy's .npy: what is written is what NumPy writes, every layout is read, no broken file is.
#include <conv1d/conv1d.h>

#include "io/files.h"

namespace conv1d::testing {
namespace {

using io::load_npy;
using io::save_npy;

constexpr const char* kGood = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";

class Npy : public FilesTest {
 protected:
  std::string refusal(const std::string& bytes) const {
    const std::string name = write(bytes);
    const std::string text = thrown<ValueError>([&] { load_npy(name); });
    EXPECT_TRUE(text.starts_with(name + ": ")) << text;
    return text;
  }
  std::string refused_header(const std::string& header) const { return refusal(npy(header, std::string(8, '\1'))); }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

TEST_F(Npy, WritesTheFormat) {
  const auto header_of = [&](const Tensor& t) {
    save_npy(t, path());
    const std::string bytes = read();
    EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const std::size_t length = static_cast<unsigned char>(bytes[8]) + 256U * static_cast<unsigned char>(bytes[9]);
    EXPECT_EQ((10 + length) % 64, 0U);
    EXPECT_EQ(bytes[10 + length - 1], '\n');
    const std::string text = bytes.substr(10, length);
    return text.substr(0, text.find_last_not_of(" \n") + 1);
  };
  EXPECT_EQ(header_of(ones({2, 3})), "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
  EXPECT_EQ(header_of(ones({2}).to(uint8)), "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }");
  EXPECT_EQ(header_of(tensor<double>({1}, Shape{})), "{'descr': '<f8', 'fortran_order': False, 'shape': (), }");
  save_npy(tensor<float>({1, 2}), path());
  EXPECT_TRUE(read().ends_with("\n" + raw(1.0F) + raw(2.0F)));
  EXPECT_EQ(files(), 1U);
}

TEST_F(Npy, KeepsEveryTypeAndLayout) {
  for (const DType dtype :
       {bool_, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128}) {
    const Tensor t = randint(0, 2, {3, 2, 5}).to(dtype);
    save_npy(t, path());
    EXPECT_EQ(load_npy(path()).dtype(), dtype);
    EXPECT_TRUE(equal(load_npy(path()), t)) << name(dtype);
    save_npy(t.transpose(0, 2), path());
    EXPECT_TRUE(equal(load_npy(path()), t.transpose(0, 2))) << name(dtype);
  }
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{3, 0, 2}}) {
    save_npy(zeros(shape), path());
    EXPECT_EQ(load_npy(path()).sizes(), shape);
  }
}

TEST_F(Npy, ReadsFortransOrderAndBigEndian) {
  const std::string data = raw(1.0F) + raw(2.0F) + raw(3.0F) + raw(4.0F) + raw(5.0F) + raw(6.0F);
  write(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", data));
  EXPECT_TRUE(equal(load_npy(path()), tensor<float>({1, 3, 5, 2, 4, 6}, Shape{2, 3})));
  EXPECT_TRUE(load_npy(path()).is_contiguous());
  write(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n", std::string("\x01\x02\xff\xfe", 4)));
  EXPECT_TRUE(equal(load_npy(path()), tensor<std::int16_t>({258, -2})));
  const std::string one = "\x3f\x80", zero(2, '\0');
  write(npy("{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }\n", one + zero + zero + zero));
  EXPECT_TRUE(equal(load_npy(path()), tensor<std::complex<float>>({{1, 0}})));
}

TEST_F(Npy, ReadsTheVersionsAndForms) {
  const std::string header(kGood), data = raw(1.0F) + raw(2.0F);
  for (const char version : {'\2', '\3'}) {
    write(std::string("\x93NUMPY") + version + '\0' + raw(static_cast<std::uint32_t>(header.size())) + header + data);
    EXPECT_TRUE(equal(load_npy(path()), tensor<float>({1, 2})));
  }
  for (const char* form : {"{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"=f4\"}",
                           "{ 'descr' : '<f4' , 'shape' : ( 2 , ) , 'fortran_order' : False }  \n"}) {
    write(npy(form, data));
    EXPECT_TRUE(equal(load_npy(path()), tensor<float>({1, 2}))) << form;
  }
}

TEST_F(Npy, RefusesWhatIsNoNpy) {
  for (const std::string& bytes : {std::string(), std::string("\x93NUMPY"), std::string("PK\3\4 and an archive's rest"),
                                   std::string("\x93NUMPX\x01\x00\x00\x00{}", 12)}) {
    EXPECT_TRUE(has(refusal(bytes), "does not begin"));
  }
  EXPECT_TRUE(has(refusal(std::string("\x93NUMPY\x04\x00\x00\x00\x00\x00{}", 14)), "version 4.0"));
  EXPECT_TRUE(has(refusal(std::string("\x93NUMPY\x01\x01\x00\x00{}", 12)), "version 1.1"));
  EXPECT_TRUE(has(refusal(std::string("\x93NUMPY\x01\x00\xff\xff{}", 12)), "said to have 65535 bytes"));
  EXPECT_TRUE(has(refusal(std::string("\x93NUMPY\x01\x00\x10\x00{}", 12)), "said to have 16 bytes"));
  EXPECT_TRUE(has(refusal(std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14)), "4294967295"));
  EXPECT_TRUE(has(refusal(std::string("\x93NUMPY\x02\x00\x01\x00", 10)), "said to have"));
}

TEST_F(Npy, RefusesHeadersOfAnotherForm) {
  for (const char* header : {"",
                             "{",
                             "{}",
                             "[]",
                             "{'descr': '<f4'}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } x",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
                             "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
                             "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
                             "{'descr: '<f4', 'fortran_order': False}",
                             "{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,)}",
                             "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': [2]}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2,"}) {
    EXPECT_TRUE(has(refused_header(header), "not an .npy header")) << header;
  }
  std::string ones = "{'descr': '<f4', 'fortran_order': False, 'shape': (2";
  for (int i = 0; i < 64; ++i) ones += ", 1";
  EXPECT_TRUE(has(refused_header(ones + ")}"), "too many dimensions"));
  refused_header(std::string(9000, '('));
}

TEST_F(Npy, RefusesTypesThatTensorsHaveNot) {
  const auto of_type = [&](const std::string& descr) {
    return refused_header("{'descr': " + descr + ", 'fortran_order': False, 'shape': (2,)}");
  };
  EXPECT_TRUE(has(of_type("'|O'"), "Python objects"));
  EXPECT_TRUE(has(of_type("[('a', '<f4')]"), "structures"));
  for (const char* descr : {"'<u2'", "'<U4'", "'|S4'", "'<M8[s]'", "'<f16'", "'f4'", "''", "'|f4'", "'<'", "'!f4'"}) {
    EXPECT_TRUE(has(of_type(descr), "holds elements of type")) << descr;
  }
}

TEST_F(Npy, RefusesArraysOfAnotherLength) {
  EXPECT_TRUE(has(refusal(npy(kGood, std::string(7, '\0'))), "has 8 bytes, and the file 7"));
  EXPECT_TRUE(has(refusal(npy(kGood, std::string(9, '\0'))), "has 8 bytes, and the file 9"));
  for (const char* shape : {"(4611686018427387904, 4)", "(4294967296, 4294967296)", "(0, 4611686018427387904, 4)"}) {
    const std::string header = std::string("{'descr': '<f4', 'fortran_order': False, 'shape': ") + shape + "}";
    EXPECT_TRUE(has(refusal(npy(header, "")), "more than 2^63")) << shape;
  }
  EXPECT_TRUE(has(refusal(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", "\2")), "neither 0 nor 1"));
}

TEST_F(Npy, RefusesToSaveWhatNumPyHasNot) {
  write("the old file");
  const auto text = thrown<ValueError>([&] { save_npy(ones({1}).to(bfloat16), path()); });
  EXPECT_TRUE(has(text, "NumPy has no bfloat16"));
  EXPECT_TRUE(has(thrown<NotImplementedError>([&] { save_npy(ones({1}).to(Device("meta")), path()); }), "device meta"));
  EXPECT_TRUE(has(thrown<ValueError>([&] { save_npy(Tensor(), path()); }), "undefined"));
  EXPECT_EQ(read(), "the old file");
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace conv1d::testing
