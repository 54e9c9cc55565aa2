#!/bin/bash
# Builds mediasoup-worker from the sources in the npm package `mediasoup` with Debian's own libraries and tools, where
# neither the released binary nor the sources of its libraries can be downloaded.
#
#   build.sh WORKER_SOURCES BUILD_FOLDER
#
# leaves BUILD_FOLDER/mediasoup-worker. A second run in the same folder goes on where an interrupted one ended.
# The binary is for the machine that built it; it says nothing about the speed of the released one.
#
# Checked with mediasoup 3.27.1 on Debian 12: gcc 12.2, meson 1.0.1, ninja 1.11.1, libuv 1.44.2, OpenSSL 3.0.22,
# libsrtp2 2.5.0, abseil 20220623, flatbuffers 2.0.8.
set -euo pipefail

sources=$(realpath "$1")
build=$(realpath -m "$2")
here=$(dirname "$(realpath "$0")")

# -O1 compiles in half the time of -O3, and packets spend their time in OpenSSL and the kernel.
optimization=1

# Puts a directory in the place of each library that a Meson wrap would download: it declares Debian's library under the
# names that the worker's meson.build asks for.
place_stand_ins() {
  local worker=$1 wrap name directory
  for wrap in "$here"/stand-ins/*; do
    name=$(basename "$wrap")
    directory=$(sed -n 's/^directory *= *//p' "$worker/subprojects/$name.wrap" | tr -d '\r')
    cp -r "$wrap" "$worker/subprojects/$directory"
  done
  directory=$(sed -n 's/^directory *= *//p' "$worker/subprojects/unordered-dense.wrap" | tr -d '\r')
  cp "$worker/subprojects/packagefiles/ankerl-unordered-dense/meson.build" "$worker/subprojects/$directory/"
}

# Debian 12's meson is 1.0.1; the worker's own target needs nothing newer.
accept_older_meson() {
  sed -i "s/meson_version: *'>= *1\.[0-9.]*'/meson_version: '>= 1.0.0'/" "$1/meson.build"
}

# The callback on the outgoing DTLS BIO answers 1 to every control call. Debian's libssl has kernel TLS (that of the wrap
# has not): it takes the 1 for "kernel TLS is on", allocates no write buffer and crashes at the first DTLS handshake.
# BIO_CB_RETURN is a bit that marks the call after an operation; with it tested as a bit, the result passes through.
keep_results_of_bio_control() {
  local file=$1/src/RTC/DtlsTransport.cpp
  sed -i 's/(operationType == BIO_CB_RETURN)/((operationType \& BIO_CB_RETURN) != 0)/' "$file"
  if grep -q 'BIO_set_callback_ex' "$file" && ! grep -q 'operationType & BIO_CB_RETURN' "$file"; then
    echo 'DtlsTransport.cpp has changed: check what its BIO callback returns for control calls (kernel TLS)' >&2
    exit 1
  fi
}

# Every source file includes all of the generated FlatBuffers headers: a precompiled header halves the compile time.
precompile_headers() {
  local worker=$1 schema
  mkdir -p "$worker/pch"
  {
    echo '#include "common.hpp"'
    for schema in "$worker"/fbs/*.fbs; do
      echo "#include \"FBS/$(basename "$schema" .fbs).h\""
    done
    printf '#include <%s>\n' uv.h ankerl/unordered_dense.h string string_view vector map set unordered_map sstream \
      iomanip cmath cstring limits stdexcept chrono
  } > "$worker/pch/worker_pch.hpp"
  sed -i "/^executable(\$/{n;s/^  'mediasoup-worker',\$/&\n  cpp_pch: 'pch\/worker_pch.hpp',/}" "$worker/meson.build"
}

# Under its name only when complete, so that a run that is interrupted here starts this part again.
if [ ! -d "$build/worker" ]; then
  rm -rf "$build/worker.part"
  mkdir -p "$build"
  cp -r "$sources" "$build/worker.part"
  rm -rf "$build/worker.part/out"
  place_stand_ins "$build/worker.part"
  accept_older_meson "$build/worker.part"
  keep_results_of_bio_control "$build/worker.part"
  precompile_headers "$build/worker.part"
  mv "$build/worker.part" "$build/worker"
fi

cd "$build/worker"
if [ ! -f out/build/build.ninja ]; then
  rm -rf out/build
  meson setup "-Doptimization=$optimization" -Ddebug=false -Db_ndebug=true --wrap-mode=nodownload out/build
fi
ninja -C out/build mediasoup-worker
strip -o "$build/mediasoup-worker.part" out/build/mediasoup-worker
mv "$build/mediasoup-worker.part" "$build/mediasoup-worker"
