package io.sppostream.run.config;

import java.util.Locale;
import java.util.regex.Pattern;

/** Settings whose values are never shown or recorded. */
public final class Secrets {
    private static final Pattern SECRET = Pattern.compile(
            "password|secret|jaas|token$|token\\.|credential|authorization|user\\.info|api.?key|\\.key|^key");

    private Secrets() {}

    /** Whether a setting of this name holds a secret. */
    public static boolean named(String setting) {
        return SECRET.matcher(setting.toLowerCase(Locale.ROOT)).find();
    }
}
