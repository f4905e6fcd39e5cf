package io.sppostream.embedded;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The command line of the broker's JVM: small, quick to start, and shielded from the signals of the terminal. Immutable.
 *
 * <p>Two thirds of a cold start is spent on loading and verifying classes. The first broker with a class path therefore
 * leaves an archive of its loaded classes (AppCDS) in the user's cache, named by all that it depends on, and later ones
 * map it. An archive requires a class path of jars only, so the broker's main class is packed into a jar here. The
 * archive is optional: if it is missing or broken, the broker starts without it and writes another.
 *
 * @param cache folder of launcher jars and archives
 * @param classPath jars only, the launcher first
 * @param key identifies this class path and this JVM
 */
record BrokerJvm(Path cache, List<Path> classPath, String key) {
    private static final String LOGBACK = "io/sppostream/embedded/broker-logback.xml";
    private static final String MAIN = BrokerMain.class.getName().replace('.', '/') + ".class";

    /** An archive is 50 MB. */
    private static final int ARCHIVES_KEPT = 3;

    /** A list of third-party jars is 10 KB, and every build of this project makes another. */
    private static final int LISTS_KEPT = 20;

    /** A broker JVM with the Java and the third-party jars of this process. */
    static BrokerJvm ofThisProcess(Path cache) throws IOException {
        Files.createDirectories(cache);
        Set<Path> jars = new LinkedHashSet<>();
        jars.add(launcher(cache));
        jars.addAll(thirdPartyJars(cache, System.getProperty("java.class.path", "")));
        return new BrokerJvm(cache, List.copyOf(jars), key(jars));
    }

    /** The third-party jars of a class path, from the cache: to find them, each jar is opened, which takes 0.1 s. */
    private static List<Path> thirdPartyJars(Path cache, String classPath) throws IOException {
        Set<Path> entries = new LinkedHashSet<>();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            Path path = Path.of(entry).toAbsolutePath();
            if (Files.isRegularFile(path)) {
                entries.add(path);
            }
        }
        Path known = cache.resolve("class-path-" + key(entries) + ".txt");
        if (Files.exists(known)) {
            return Files.readAllLines(known).stream().map(Path::of).toList();
        }
        List<Path> jars = List.copyOf(ClassPath.thirdPartyJars(classPath));
        Path draft = Files.createTempFile(cache, "class-path-", ".tmp");
        Files.write(draft, jars.stream().map(Path::toString).toList());
        Files.move(draft, known, StandardCopyOption.ATOMIC_MOVE);
        deleteOldest(cache, ".txt", LISTS_KEPT);
        return jars;
    }

    /** A folder in the user's cache, or in the data directory if the home directory is not writable. */
    static Path cacheFolder(DataDirectory directory) {
        Path cache = UserCache.folder();
        try {
            Files.createDirectories(cache);
            if (Files.isWritable(cache)) {
                return cache;
            }
        } catch (IOException e) {
            // Use the data directory.
        }
        return directory.path().resolve("cache");
    }

    /** The file of the archive, which may not exist yet. */
    Path archive() {
        return cache.resolve("broker-" + key + ".jsa");
    }

    /** The file that a broker writes its archive to when it ends; it is kept only if the broker ended cleanly. */
    Path unfinishedArchive(long parentPid) {
        return cache.resolve("broker-" + key + "." + parentPid + ".tmp");
    }

    /**
     * The command, to be run with {@link #environmentClassPath()} in the environment.
     *
     * <p>The leading shell makes the broker ignore signals that a terminal or supervisor sends to the whole process group.
     * Ctrl-C must reach the parent only, whose clients need the broker in order to close properly. The broker stops at the
     * end of its standard input, and only then.
     *
     * @param options of Java, besides those of every broker
     */
    List<String> command(Path properties, Path log, Optional<Path> archiveToWrite, List<String> options) {
        List<String> c = new ArrayList<>(List.of("/bin/sh", "-c", "trap '' INT HUP TERM; exec \"$0\" \"$@\""));
        c.add(java().toString());
        c.add("-Xms96m");
        // One young collection instead of four until the broker is ready.
        c.add("-Xmn48m");
        c.add("-XX:MetaspaceSize=96m");
        c.add("-Xmx384m");
        c.add("-Xss512k");
        c.add("-XX:+UseSerialGC");
        c.add("-XX:TieredStopAtLevel=1");
        c.add("-XX:-UsePerfData");
        if (archiveToWrite.isPresent()) {
            c.add("-XX:ArchiveClassesAtExit=" + archiveToWrite.get());
        } else if (Files.exists(archive())) {
            c.add("-XX:SharedArchiveFile=" + archive());
            // Fail, rather than start slowly, if the archive does not match: it is then replaced.
            c.add("-Xshare:on");
        }
        c.add("-Xlog:disable");
        c.add("-Xlog:all=error:stderr");
        c.add("-Djava.awt.headless=true");
        c.add("-Dlogback.configurationFile=" + LOGBACK);
        c.add("-Dbroker.log=" + log);
        c.addAll(options);
        c.add(BrokerMain.class.getName());
        c.add(properties.toString());
        return c;
    }

    /** The class path. It is passed in the environment, which keeps process listings readable. */
    String environmentClassPath() {
        return classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    /**
     * Whether this Java can write archives of classes: they build on one of Java's own classes, which trimmed Javas, and
     * some of Linux distributions, lack.
     */
    static boolean canArchive() {
        return Files.exists(Path.of(System.getProperty("java.home"), "lib", "server", "classes.jsa"));
    }

    private static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    /** Puts a finished archive in place, and deletes archives of class paths that are no longer used. */
    void keep(Path finished) throws IOException {
        Files.move(finished, archive(), StandardCopyOption.ATOMIC_MOVE);
        deleteOldest(cache, ".jsa", ARCHIVES_KEPT);
        // Left by brokers whose parents were killed before they could put the archive in place.
        long longAgo = System.currentTimeMillis() - TimeUnit.HOURS.toMillis(1);
        for (Path draft : files(cache, ".tmp")) {
            if (draft.toFile().lastModified() < longAgo) {
                Files.deleteIfExists(draft);
            }
        }
    }

    private static void deleteOldest(Path cache, String ending, int kept) throws IOException {
        List<Path> files = files(cache, ending);
        for (Path old : files.subList(Math.min(kept, files.size()), files.size())) {
            Files.deleteIfExists(old);
        }
    }

    /** The files in the cache with a suffix, newest first. */
    private static List<Path> files(Path cache, String ending) throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(f -> f.toString().endsWith(ending))
                    .sorted(Comparator.comparing((Path f) -> f.toFile().lastModified())
                            .reversed())
                    .toList();
        }
    }

    /** A jar with the broker's main class and logging settings, named by their content. */
    private static Path launcher(Path cache) throws IOException {
        byte[] main = resource(MAIN);
        byte[] logback = resource(LOGBACK);
        MessageDigest digest = sha256();
        digest.update(main);
        digest.update(logback);
        Path jar = cache.resolve("broker-main-" + hex(digest) + ".jar");
        if (Files.exists(jar)) {
            return jar;
        }
        Path draft = Files.createTempFile(cache, "broker-main-", ".tmp");
        try (OutputStream file = Files.newOutputStream(draft);
                JarOutputStream out = new JarOutputStream(file)) {
            put(out, MAIN, main);
            put(out, LOGBACK, logback);
        }
        Files.move(draft, jar, StandardCopyOption.ATOMIC_MOVE);
        return jar;
    }

    private static void put(JarOutputStream out, String name, byte[] content) throws IOException {
        JarEntry entry = new JarEntry(name);
        entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
        out.putNextEntry(entry);
        out.write(content);
        out.closeEntry();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = BrokerJvm.class.getClassLoader().getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException(name + " is not on the class path");
            }
            return in.readAllBytes();
        }
    }

    /** Covers what the JVM checks an archive against: names, times and sizes of the jars that it was made from. */
    private static String key(Set<Path> jars) throws IOException {
        MessageDigest digest = sha256();
        digest.update((System.getProperty("java.home") + ' ' + Runtime.version()).getBytes(StandardCharsets.UTF_8));
        for (Path jar : jars) {
            digest.update(("\n" + jar + ' ' + Files.size(jar) + ' ' + Files.getLastModifiedTime(jar))
                    .getBytes(StandardCharsets.UTF_8));
        }
        return hex(digest);
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JVM has SHA-256", e);
        }
    }
}
