#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace conv1d::io {
namespace {

[[noreturn]] void fail_system(const std::string& path, const char* what, int error) {
  fail_in<RuntimeError>(path, what, ": ", std::generic_category().message(error));
}

// A name with a zero in it would reach the system cut off: as the name of another file.
void check_name(const std::string& path) {
  check(!path.empty(), "A file's name is empty");
  check(path.find('\0') == path.npos, "A file's name has a null character in it");
}

/// What a path leads to in the end, whether it is there or not.
std::filesystem::path target_of(const std::string& path) {
  constexpr int kMostLinks = 40;  // as Linux has it
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(target, error); ++links) {
    if (links == kMostLinks) fail_system(path, "cannot be written", ELOOP);
    const std::filesystem::path next = std::filesystem::read_symlink(target, error);
    if (error) fail_system(path, "cannot be written", error.value());
    target = target.parent_path() / next;  // `next` alone where it begins at the root
  }
  return target;
}

/// A new file beside the one that it is to replace. Gone again unless it has.
class NewFile {
 public:
  explicit NewFile(const std::filesystem::path& target) {
    static std::atomic<unsigned> counter{0};
    do {
      // Not longer by the target's name, which may be as long as names can be.
      name_ = (target.parent_path() / cat_text(".", getpid(), "-", counter.fetch_add(1), ".tmp")).string();
      descriptor_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) {
      name_.clear();  // not ours to remove
      fail_system(target.string(), "cannot be written", errno);
    }
  }
  ~NewFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!name_.empty()) unlink(name_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  int descriptor() const { return descriptor_; }

  void set_mode(mode_t mode) const {
    if (fchmod(descriptor_, mode) != 0) fail_system(name_, "cannot be written", errno);
  }

  void take_place_of(const std::string& target) {
    const auto check_system = [&](int result) {
      if (result != 0) fail_system(target, "cannot be written", errno);
    };
    check_system(fsync(descriptor_));
    check_system(close(std::exchange(descriptor_, -1)));
    check_system(rename(name_.c_str(), target.c_str()));
    name_.clear();
  }

 private:
  std::string name_;
  int descriptor_ = -1;
};

void write_all(int descriptor, Piece piece, const std::string& path) {
  while (!piece.empty()) {
    const ssize_t done = write(descriptor, piece.data(), piece.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail_system(path, "cannot be written", errno);
    piece = piece.subspan(static_cast<std::size_t>(done));
  }
}

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path) {
  check_name(path);
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) fail_system(path, "cannot be read", errno);
  struct stat about{};
  if (fstat(descriptor_, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(descriptor_);
    fail_in<RuntimeError>(path, "cannot be read: it is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(about.st_size);
}

InputFile::~InputFile() { close(descriptor_); }

void InputFile::read(std::uint64_t offset, void* into, std::size_t bytes) const {
  auto* at = static_cast<std::byte*>(into);
  while (bytes > 0) {
    const ssize_t done = pread(descriptor_, at, bytes, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail_system(path_, "cannot be read", errno);
    if (done == 0) fail_in<RuntimeError>(path_, "became shorter while it was read");
    at += done;
    offset += static_cast<std::uint64_t>(done);
    bytes -= static_cast<std::size_t>(done);
  }
}

void replace_file(const std::string& path, const std::vector<Piece>& pieces) {
  check_name(path);
  const std::filesystem::path target = target_of(path);
  struct stat old{};
  const bool exists = stat(target.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) fail_in<RuntimeError>(path, "cannot be written: it is not a regular file");
  NewFile file(target);
  for (const Piece piece : pieces) write_all(file.descriptor(), piece, path);
  if (exists) file.set_mode(old.st_mode & 07777);
  file.take_place_of(target.string());
}

}  // namespace conv1d::io
