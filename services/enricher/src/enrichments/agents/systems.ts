// Operating systems, by words in user agents. The first row that matches names the system; the group of a pattern is
// the version. Rows that find a version come before rows of the same system that do not.

/** Every value of `os_name`. */
export const OS_NAMES = [
  ...[
    'Windows',
    'macOS',
    'Linux',
    'ChromeOS',
    'Android',
    'iOS',
    'Fire OS',
    'HarmonyOS',
    'KaiOS',
    'tvOS',
    'watchOS',
  ],
  ...['visionOS', 'Tizen', 'webOS', 'Roku OS', 'VIDAA', 'PlayStation', 'Xbox', 'Nintendo', 'Windows Phone'],
  ...['BlackBerry', 'Symbian', 'Bada', 'Firefox OS', 'Sailfish', 'Fuchsia', 'BSD', 'Solaris', 'Other'],
] as const

export type OsName = (typeof OS_NAMES)[number]

export const SYSTEMS: readonly (readonly [OsName, RegExp])[] = [
  [
    'Windows Phone',
    /\bWindows Phone(?: OS)?[ /]?([\d.]+)?|\bWindows ?(?:Mobile|CE)\b|\bIEMobile\b|\bWP[78]\/([\d.]+)|\bLumia \d/,
  ],
  ['Xbox', /\bXbox\b/i],
  ['PlayStation', /\bPlayStation\b|\bPSP \(/i],
  ['Nintendo', /\bNintendo\b/],
  ['Roku OS', /\bRoku\/DVP-([\d.]+)|\bRoku\b/],
  ['tvOS', /\b(?:tvOS|Apple ?TV OS)[ /]([\d.]+)/],
  ['tvOS', /\bApple ?TV(?:\d+,\d+)?\b|\btvOS\b/],
  ['watchOS', /\bWatch ?OS[,/ ]([\d.]+)/i],
  ['watchOS', /\bWatchOS\b|\bWatch\d,\d/i],
  ['visionOS', /\b(?:visionOS|xrOS)[ /]([\d.]+)/i],
  ['visionOS', /\bvisionOS\b|\bApple Vision\b|\bRealityDevice/i],
  ['VIDAA', /\bVIDAA\/?([\d.]+)?/],
  ['webOS', /\b(?:Web0S|webOS(?:\.TV)?|hpwOS|WEBOS)(?:[ /-]([\d.]+))?/],
  ['Tizen', /\bTizen(?:[ /]([\d.]+))?/],
  ['Bada', /\bbada(?:\/([\d.]+))?/i],
  ['KaiOS', /\bKAIOS(?:\/([\d.]+))?/i],
  ['HarmonyOS', /\b(?:OpenHarmony|HarmonyOS|ArkWeb)(?:[ /]([\d.]+))?/],
  ['Fuchsia', /\bFuchsia\b/],
  ['ChromeOS', /\bCrOS \w+ ([\d.]+)|\bCrOS\b/],
  ['Sailfish', /\bSailfish\b/],
  ['BlackBerry', /\bBlackBerry\w*\/([\d.]+)|\bRIM Tablet OS ([\d.]+)|\bBB10\b.*\bVersion\/([\d.]+)/],
  ['BlackBerry', /\bBlackBerry|\bBB10\b/],
  ['Fire OS', /\bFire OS[ /]([\d.]+)|\bAndroid ([\d.]+)[^)]*[; ](?:AFT\w+|KF[A-Z]{2,5})\b/],
  ['Fire OS', /\bKindle Fire\b|\bAmazon;AFT|\bSilk-Accelerated\b|[; ](?:AFT\w+|KF[A-Z]{2,5})(?: Build|\))/],
  ['Android', /\bAndroid(?: OS)?[ /-]?(\d[\d.]*)|\bAdr ([\d.]+)|\(Linux; (?:U; )?(\d\.[\d.]+);/i],
  ['Android', /\bFBAN\/FB4A\b.*\bFBSV\/([\d.]+)/],
  ['Android', /\bAndroid\b|\bDalvik\/|\bokhttp\/|\bOculusBrowser\b|\bPuffin\/[\d.]+A[PT]\b/i],
  ['iOS', /\b(?:iPhone OS|CPU OS|iOS|iPadOS)[ /]?(\d[\d_.]*)|\bFBAN\/FBIOS\b.*\bFBSV\/([\d.]+)/],
  ['iOS', /\b(?:iPhone|iPad|iPod)|\biOS\b|\biPh\d+,|\bPuffin\/[\d.]+I[PT]\b/],
  ['iOS', /\bDarwin\/\d+(?!.*\((?:x86|i386|Power|Mac))/],
  [
    'Symbian',
    /\bSymb(?:ian|OS)(?: ?OS)?(?:\/([\d.]+))?|\bSeries ?(?:30|40|60|80)|\bS60|\bNokia[\w-]*\/|\bUIQ\b/i,
  ],
  ['Firefox OS', /\((?:Mobile|Tablet)(?:;[^)]*)?; rv:/],
  [
    'Windows',
    /\bWindows NT ([\d.]+)|\bWindows[ /-]?(XP|Vista|95|98|ME|2000|\d+(?:\.\d)?)|\bwin(7|8|10|11)\b/i,
  ],
  ['Windows', /\bWin(?:32|64|dows|NT|9[58])\b/i],
  ['macOS', /\b(?:Mac OS X|macOS|OS X)[ /]?(?:Version )?(\d[\d_.]*)/],
  ['macOS', /\bMac OS\b|\bMac OS X\b|\bmacOS\b|\bMacintosh\b|\bMac_PowerPC\b|\bDarwin\b/],
  ['BSD', /\b(?:Free|Open|Net|DragonFly) ?BSD\b/i],
  ['Solaris', /\bSunOS\b|\bSolaris\b/],
  ['Linux', /\bLinux\b|\bX11\b|\bUbuntu\b|\bDebian\b|\bFedora\b/i],
]

/** Names of versions by the number that follows `Windows NT`. */
const WINDOWS: Readonly<Record<string, string>> = {
  '10.0': '10',
  '6.4': '10',
  '6.3': '8.1',
  '6.2': '8',
  '6.1': '7',
  '6.0': 'Vista',
  '5.2': 'XP',
  '5.1': 'XP',
  '5.0': '2000',
}

/** Returns the marketing name of a version of Windows from the number in user agents. */
export const windowsVersion = (number: string): string => WINDOWS[number] ?? number

/**
 * Returns the version of iOS from the kernel's, which is the only one that apps name. It is 6 lower up to kernel 24,
 * and 1 higher from kernel 25 on.
 */
export function iosOfDarwin(major: number): string {
  return String(major >= 25 ? major + 1 : major - 6)
}
