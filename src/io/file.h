// Files as the formats need them: read at any place within their true length, replaced in one step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"

namespace conv1d::io {

/// fail<Kind>() with the file's name before the text.
template <class Kind, class... Parts> [[noreturn]] void fail_in(const std::string& path, const Parts&... parts) {
  fail<Kind>(cat_text(path, ": ", parts...));
}

/// A regular file that is open for reading. RuntimeError where there is none, or it cannot be read.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  /// RuntimeError where the file has become shorter than it was when it was opened.
  void read(std::uint64_t offset, void* into, std::size_t bytes) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

using Piece = std::span<const std::byte>;

/// Makes `path` a file of these pieces, or leaves it as it was: they go into a new file beside it, which takes its name
/// when it is complete and on the disk. Where `path` is a link, what it leads to is replaced; an old file's permissions
/// stay. RuntimeError where that is not possible.
void replace_file(const std::string& path, const std::vector<Piece>& pieces);

}  // namespace conv1d::io
