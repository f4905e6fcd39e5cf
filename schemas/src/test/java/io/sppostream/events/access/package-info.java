@NullMarked
package io.sppostream.events.access;

import org.jspecify.annotations.NullMarked;
