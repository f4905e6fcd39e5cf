# Starts Java. Sourced by ./sppo and ./bench of the repository and by bin/sppo of the distribution, which then call
#
#   launch MAIN_CLASS JVM_OPTIONS_FILE CLASS_PATH ARCHIVE_FOLDER ARGUMENT...
#
# ARCHIVE_FOLDER keeps the archive of loaded classes. JAVA_OPTS: more options of Java, such as -Xmx8g. They win over the others.

# Whether the command pays for the optimizing compiler. Short runs end before it does, and on few cores it takes their
# time. Services, and runs of the user's own model or settings, last longer. Commands that hash weights need it, too:
# without it, SHA-256 is slow.
runs_long() {
  local argument
  case ${1:-} in
    up | feed | rollout | verify | advantage | critic | score | learn | audit | export | replay | eval) return 0 ;;
    train | compare)
      for argument in "$@"; do
        case $argument in --model | --model=* | --config | --config=*) return 0 ;; esac
      done
      ;;
  esac
  return 1
}

# Whether this Java has the archive of its own classes that others build on. Trimmed Javas, and some of Linux
# distributions, lack it, and do not start when told to write another. Only Java knows where it is at home.
archives_classes() {
  local line
  while read -r line; do
    case $line in "java.home = "*) [ -f "${line#java.home = }/lib/server/classes.jsa" ] && return 0 ;; esac
  done < <("${JAVA_HOME:+$JAVA_HOME/bin/}java" -XshowSettings:properties -version 2>&1)
  return 1
}

launch() {
  local main=$1 jvm_options=$2 class_path=$3 archives=$4
  shift 4

  local terminal=false
  [ -t 1 ] && terminal=true

  # The archive of loaded classes shortens the start. Its name has its size: the JVM crashes on a truncated one.
  local archive size classes=() compiler=() options=()
  archive=$(echo "$archives"/classes-*.jsa)
  size=${archive##*-}
  if [ -f "$archive" ] && [ "$(wc -c <"$archive")" -eq "${size%.jsa}" ]; then
    classes=(-XX:SharedArchiveFile="$archive" "-Xlog:cds*=error")
  elif [ "${1:-}" = train ] && archives_classes && mkdir -p "$archives" 2>/dev/null && [ -w "$archives" ]; then
    rm -f "$archives"/classes-*.jsa
    classes=(-XX:+RecordDynamicDumpInfo -Dsppo.class.archive="$archives" "-Xlog:cds*=error")
  fi

  if runs_long "$@"; then
    compiler=(-XX:TieredStopAtLevel=4)
  fi

  read -r -a options <<<"${JAVA_OPTS:-}" || true

  # PyTorch allocates tensors in whatever thread needs them. With an arena for each of these threads, glibc keeps half a
  # gigabyte more of freed memory.
  export MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}

  # oneDNN, and PyTorch above it, keep compiled kernels, nearly a megabyte each, for every shape of a product that they have
  # seen, and batches of text come in ever new shapes. By default both keep 1,024, PyTorch in each thread.
  export ONEDNN_PRIMITIVE_CACHE_CAPACITY=${ONEDNN_PRIMITIVE_CACHE_CAPACITY:-128}
  export LRU_CACHE_CAPACITY=${LRU_CACHE_CAPACITY:-32}

  # PyTorch then asks for huge pages for its tensors of 2 MB and more: fewer page faults and address translations.
  export THP_MEM_ALLOC_ENABLE=${THP_MEM_ALLOC_ENABLE:-1}

  # On recent GPUs PyTorch prefers the attention of cuDNN, which is compiled anew for every length, takes milliseconds for
  # it, and keeps the result: each sampled token has a new length.
  export TORCH_CUDNN_SDPA_DEPRIORITIZED=${TORCH_CUDNN_SDPA_DEPRIORITIZED:-1}

  exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" @"$jvm_options" ${classes[@]+"${classes[@]}"} ${compiler[@]+"${compiler[@]}"} \
    ${options[@]+"${options[@]}"} -Dsppo.terminal=$terminal -cp "$class_path" "$main" "$@"
}
