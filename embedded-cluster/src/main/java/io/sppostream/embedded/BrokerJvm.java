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
 * How the broker's JVM is started: small, quick to be ready, and out of reach of the signals of the terminal.
 *
 * <p>Two thirds of a cold start is loading and verifying classes. The first broker of a class path therefore leaves an
 * archive of its loaded classes (AppCDS) in the user's cache, named by everything it depends on, and later ones map it.
 * An archive needs a class path of jars only, so our own class travels in a jar made here. It is never needed: when it
 * is missing or broken the broker starts without and makes another.
 *
 * @param cache where launcher and archive are kept
 * @param classPath jars only, the launcher first
 * @param key names this class path and this JVM
 */
record BrokerJvm(Path cache, List<Path> classPath, String key) {
    private static final String LOGBACK = "io/sppostream/embedded/broker-logback.xml";
    private static final String MAIN = BrokerMain.class.getName().replace('.', '/') + ".class";

    /** An archive is 50 MB. */
    private static final int ARCHIVES_KEPT = 3;

    static BrokerJvm ofThisProcess(Path cache) throws IOException {
        Files.createDirectories(cache);
        Set<Path> jars = new LinkedHashSet<>();
        jars.add(launcher(cache));
        jars.addAll(ClassPath.thirdPartyJars(System.getProperty("java.class.path", "")));
        return new BrokerJvm(cache, List.copyOf(jars), key(jars));
    }

    /** A folder of the user's cache, or one in the data directory where there is no writable home. */
    static Path cacheFolder(DataDirectory directory) {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base =
                xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home", ""), ".cache");
        Path cache = base.resolve("sppo-stream");
        try {
            Files.createDirectories(cache);
            if (Files.isWritable(cache)) {
                return cache.toAbsolutePath();
            }
        } catch (IOException e) {
            // The data directory will do.
        }
        return directory.path().resolve("cache");
    }

    /** Where the archive is, or will be. */
    Path archive() {
        return cache.resolve("broker-" + key + ".jsa");
    }

    /** The archive a broker writes at its end, which becomes the archive only if that end was clean. */
    Path archiveInTheMaking(long parentPid) {
        return cache.resolve("broker-" + key + "." + parentPid + ".tmp");
    }

    /**
     * The command, to be run with {@link #environmentClassPath()}.
     *
     * <p>The shell in front makes the broker ignore what the terminal or a supervisor sends to the whole process group:
     * Ctrl-C must reach the parent alone, whose streams still need the broker to end well. The broker's one way to
     * stop is the end of its standard input.
     */
    List<String> command(Path properties, Optional<Path> archiveToWrite) {
        List<String> c = new ArrayList<>(List.of("/bin/sh", "-c", "trap '' INT HUP TERM; exec \"$0\" \"$@\""));
        c.add(java().toString());
        c.add("-Xms48m");
        c.add("-Xmx384m");
        c.add("-Xss512k");
        c.add("-XX:+UseSerialGC");
        c.add("-XX:TieredStopAtLevel=1");
        c.add("-XX:-UsePerfData");
        if (archiveToWrite.isPresent()) {
            c.add("-XX:ArchiveClassesAtExit=" + archiveToWrite.get());
        } else if (Files.exists(archive())) {
            c.add("-XX:SharedArchiveFile=" + archive());
            // Fail rather than go on slowly with an archive that doesn't fit: it is then replaced.
            c.add("-Xshare:on");
        }
        c.add("-Xlog:disable");
        c.add("-Xlog:all=error:stderr");
        c.add("-Djava.awt.headless=true");
        c.add("-Dlogback.configurationFile=" + LOGBACK);
        c.add(BrokerMain.class.getName());
        c.add(properties.toString());
        return c;
    }

    /** The class path, in the environment rather than in the command so that a process listing stays readable. */
    String environmentClassPath() {
        return classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    /** Makes a finished archive the archive, and lets go of those of class paths that are no longer used. */
    void keep(Path finished) throws IOException {
        Files.move(finished, archive(), StandardCopyOption.ATOMIC_MOVE);
        List<Path> archives = files(".jsa");
        for (Path old : archives.subList(Math.min(ARCHIVES_KEPT, archives.size()), archives.size())) {
            Files.deleteIfExists(old);
        }
        // Left by brokers whose parents were killed before they could take the archive over.
        long longAgo = System.currentTimeMillis() - TimeUnit.HOURS.toMillis(1);
        for (Path draft : files(".tmp")) {
            if (draft.toFile().lastModified() < longAgo) {
                Files.deleteIfExists(draft);
            }
        }
    }

    /** The files of the cache with this ending, the newest first. */
    private List<Path> files(String ending) throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(f -> f.toString().endsWith(ending))
                    .sorted(Comparator.comparing((Path f) -> f.toFile().lastModified())
                            .reversed())
                    .toList();
        }
    }

    /** A jar of our main class and its logging settings, named by their content. */
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

    /** The JVM checks an archive against names, times and sizes of the jars it was made from; so does its name. */
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
