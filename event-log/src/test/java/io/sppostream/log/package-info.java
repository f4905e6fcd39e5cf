@NullMarked
package io.sppostream.log;

import org.jspecify.annotations.NullMarked;
