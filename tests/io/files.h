// Files made by hand, and a folder that is gone after the test.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace conv1d::testing {

class FilesTest : public ::testing::Test {
 protected:
  FilesTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("conv1d-io-" + std::to_string(getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~FilesTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name = "file") const { return (folder_ / name).string(); }

  std::string write(const std::string& bytes, const std::string& name = "file") const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  std::string read(const std::string& name = "file") const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()));
  }

  std::filesystem::path folder_;
};

template <class T> std::string raw(const T& value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// A safetensors file with this header, and so many bytes of data.
inline std::string safetensors(const std::string& header, std::size_t data_bytes = 0) {
  return raw(std::uint64_t{header.size()}) + header + std::string(data_bytes, '\1');
}

/// An .npy file of version 1.0.
inline std::string npy(const std::string& header, const std::string& data) {
  return std::string("\x93NUMPY\x01\x00", 8) + raw(static_cast<std::uint16_t>(header.size())) + header + data;
}

/// The text of the Kind that `call` throws, or why there is none.
template <class Kind, class Call> std::string thrown(Call&& call) {
  try {
    call();
  } catch (const Kind& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "no exception";
}

}  // namespace conv1d::testing
