/** The log: clients and their settings, reading and writing events, dead letters, and administration of topics. */
@NullMarked
package io.sppostream.log;

import org.jspecify.annotations.NullMarked;
