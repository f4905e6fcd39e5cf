@NullMarked
package io.sppostream.sppo;

import org.jspecify.annotations.NullMarked;
